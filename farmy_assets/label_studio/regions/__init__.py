"""The forms of regions in Label Studio's results; boxes are the only kind so far."""
