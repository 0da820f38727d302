"""What is to be done next: the functions that join the stages' rules with the lake's records."""
