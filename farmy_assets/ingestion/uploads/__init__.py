"""Uploads from phones: request, send the bytes straight to the raw zone, read the state."""
