"""Makes, judges, compares and promotes models; needs the `train` extra."""
