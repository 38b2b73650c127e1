"""A BERT with two layers of width 32 over a vocabulary of letters and common words: real code paths in milliseconds."""

from __future__ import annotations

import string
from pathlib import Path

WORDS = [
    "the",
    "a",
    "rain",
    "frost",
    "fell",
    "all",
    "day",
    "two",
    "presidents",
    "signed",
    "contract",
    "for",
    "gas",
    "offered",
    "to",
    "host",
    "talks",
    "word",
    "one",
    "three",
    "long",
    "passage",
]


def make_small_transformer(folder: Path, pooling: str = "mean", normalize: bool = True) -> Path:
    """Save a sentence-transformers model with random but fixed weights to `folder`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    inner = folder.with_name(folder.name + "-transformer")
    inner.mkdir(parents=True)
    letters = list(string.ascii_lowercase + string.digits + string.punctuation)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    (inner / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)), encoding="utf-8")
    BertTokenizerFast(str(inner / "vocab.txt")).save_pretrained(str(inner))
    config = BertConfig(
        vocab_size=len(dict.fromkeys(vocabulary)), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(str(inner))
    transformer = Transformer(str(inner), max_seq_length=64)
    modules = [transformer, Pooling(32, pooling_mode=pooling), *([Normalize()] if normalize else [])]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))
    return folder
