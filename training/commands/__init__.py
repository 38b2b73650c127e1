"""The commands that need the `train` extra."""
