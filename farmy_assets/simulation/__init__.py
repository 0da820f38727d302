"""Drawn photographs and simulated annotators, for the demonstration and the tests only."""
