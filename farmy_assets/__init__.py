"""Farmy's image data platform: field photographs in, data sets that people can trust out."""
