"""Agreement: how far people say the same, beyond chance. What is undefined is None, never 0."""
