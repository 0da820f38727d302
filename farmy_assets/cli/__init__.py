"""The command-line interface, `farmy`."""
