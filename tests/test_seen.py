"""What a run remembers of the passages that a model was trained on."""

import json

from framing.data import Dataset, LabelledPassage
from training.seen import seen_from, seen_of


def passages(codebook, *rows: tuple[str, str]) -> Dataset:
    return Dataset(codebook, tuple(LabelledPassage(str(at), text, (), group) for at, (text, group) in enumerate(rows)))


def test_texts_that_count_as_the_same_and_groups_are_known_again(tiny_codebook):
    seen = seen_of(passages(tiny_codebook, ("Rain  fell", "g1"), ("Frost", "g2")))
    assert seen.overlap(passages(tiny_codebook, ("Rain fell", "g3"), ("Sun", "g2"))) == (
        "1 texts and 1 groups of the evaluation passages stand in the training data too; figures on them would mean nothing"
    )
    assert seen.overlap(passages(tiny_codebook, ("Rain fell today", "g3"))) is None


def test_what_is_kept_holds_no_text_and_comes_back_as_it_was(tiny_codebook):
    seen = seen_of(passages(tiny_codebook, ("Rain fell", "g1")))
    kept = json.dumps(seen.as_dict())
    assert "Rain" not in kept
    assert seen_from(json.loads(kept)) == seen
