"""Which images are fit to annotate, and why the others are not."""
