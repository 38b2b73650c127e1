"""Distil a transformer into a static encoder: one vector a word piece, learned so that their mean says what the transformer says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from framing.encoder import StaticEncoder, Vectors
from framing.encoder.files import TOKENIZER_FILE
from framing.encoder.static import TABLE_FILE
from training.transformer.finetune import OnStep
from training.transformer.source import save_tokenizer

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 64
_RARE = 1e-4


@dataclass(frozen=True, slots=True)
class Distillation:
    """How large a static encoder is, and how long it learns from its teacher."""

    dimensions: int = 256
    epochs: int = 15
    learning_rate: float = 2e-3
    scale: float = 8.0
    """As in fine-tuning: unit vectors are multiplied by this before the linear layer that learns the labels."""


def distil(
    teacher: SentenceTransformer,
    texts: Sequence[str],
    labels: NDArray[np.bool_],
    budget: Distillation,
    folder: Path,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> StaticEncoder:
    """Write a static encoder to `folder` that was taught by `teacher` on texts with labels (n, k), and open it.

    Each word piece starts with the teacher's own vector for it, reduced by principal components and weighted by how rare it is (Tulkens and
    van Dongen 2024, model2vec; Arora et al. 2017). The vectors then learn on the texts to give the teacher's vector, through
    a linear map, and the labels. The same seed and number of threads give the same table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_tokenizer(teacher, folder / TOKENIZER_FILE)
    pieces = [teacher.tokenizer(text, add_special_tokens=False)["input_ids"] or [0] for text in texts]
    goals = teacher.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    table = _taught(_first_table(teacher, budget.dimensions), pieces, goals, labels, budget, seed, on_step)
    np.savez(folder / TABLE_FILE, vectors=table.astype(np.float16))
    return StaticEncoder(folder)


def _first_table(teacher: SentenceTransformer, dimensions: int) -> Vectors:
    """The teacher's vector of each word piece alone (pieces, dimensions); its vocabulary is about in the order of frequency."""
    import torch

    transformer, tokenizer = teacher[0].auto_model, teacher.tokenizer
    size = len(tokenizer)
    found = []
    with torch.no_grad():
        for start in range(0, size, 1024):
            ids = torch.arange(start, min(start + 1024, size))
            framed = torch.stack([torch.full_like(ids, tokenizer.cls_token_id), ids, torch.full_like(ids, tokenizer.sep_token_id)], dim=1)
            found.append(transformer(input_ids=framed, attention_mask=torch.ones_like(framed)).last_hidden_state.mean(dim=1))
        vectors = torch.cat(found)
        vectors -= vectors.mean(dim=0)
        _, _, axes = torch.linalg.svd(vectors, full_matrices=False)
        reduced = (vectors @ axes[:dimensions].T).numpy()
    share = 1 / np.arange(2, size + 2)
    share /= share.sum()
    return np.asarray(reduced * (_RARE / (_RARE + share))[:, None], np.float32)


def _taught(
    table: Vectors, pieces: Sequence[Sequence[int]], goals: Vectors, labels: NDArray[np.bool_], budget: Distillation, seed: int,
    on_step: OnStep | None,
) -> Vectors:  # fmt: skip
    """The table with the vectors of all pieces that stand in the texts taught, and the others as they were."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, normalize

    torch.manual_seed(seed)
    seen, places = np.unique(np.concatenate([np.asarray(ids) for ids in pieces]), return_inverse=True)
    rows = torch.split(torch.from_numpy(places), [len(ids) for ids in pieces])
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(table[seen]), freeze=False, mode="sum")
    to_teacher, to_labels = torch.nn.Linear(table.shape[1], goals.shape[1]), torch.nn.Linear(table.shape[1], labels.shape[1])
    learning = [*bag.parameters(), *to_teacher.parameters(), *to_labels.parameters()]
    optimizer = torch.optim.Adam(learning, lr=budget.learning_rate)
    aims, targets = torch.from_numpy(goals), torch.tensor(labels, dtype=torch.float32)
    batches = [batch for _ in range(budget.epochs) for batch in torch.randperm(len(pieces)).split(_BATCH)]
    for step, batch in enumerate(batches, 1):
        optimizer.param_groups[0]["lr"] = budget.learning_rate * (1 - (step - 1) / len(batches))
        chosen = [rows[text] for text in batch.tolist()]
        starts = torch.tensor([0, *(len(ids) for ids in chosen[:-1])]).cumsum(0)
        vectors = normalize(bag(torch.cat(chosen), starts), dim=1)
        apart = 1 - (normalize(to_teacher(vectors), dim=1) * aims[batch]).sum(dim=1).mean()
        loss = apart + binary_cross_entropy_with_logits(to_labels(budget.scale * vectors), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if on_step is not None:
            on_step(step, len(batches))
    table[seen] = bag.weight.detach().numpy()
    return table
