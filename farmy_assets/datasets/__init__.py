"""Splits, versions, and one module per export format."""
