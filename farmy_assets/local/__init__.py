"""Starts, deploys to, watches and stops the platform on one machine."""
