"""The way in for phones: ask, send the bytes straight to the raw zone, look what became of them."""
