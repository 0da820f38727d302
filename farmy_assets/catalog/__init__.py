"""What one raw image is, and the entry we keep of it."""
