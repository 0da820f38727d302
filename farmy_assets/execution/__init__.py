"""Running the image work: guarded worker processes, the plan on Daft or Ray, a plain folder."""
