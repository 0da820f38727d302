"""Aggregation: the class of each item, from several people's votes on it."""
