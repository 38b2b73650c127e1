"""Finds frames in news: which passages carry which frame, how surely, and which sentence carries it."""
