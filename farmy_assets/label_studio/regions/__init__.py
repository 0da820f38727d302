"""The forms of regions in Label Studio's results: one module a kind."""
