"""The Gun Violence Frame Corpus: a public benchmark of another topic, another unit and nine other frames."""
