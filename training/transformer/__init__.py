"""Transformers as sources of encoders, fine-tuned and compiled: the only door to torch and sentence-transformers."""
