"""A few examples a frame, drawn as somebody who begins to label would have them."""

from __future__ import annotations

import pytest

from benchmarks.draws import apart_from, draw
from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage

BOTH = ("rain", "frost")


def passages(codebook: Codebook, *frames: tuple[str, ...], prefix: str = "p") -> Dataset:
    return Dataset(
        codebook, tuple(LabelledPassage(f"{prefix}{at}", f"{prefix} {at}", own, f"{prefix}{at}") for at, own in enumerate(frames))
    )


@pytest.fixture
def pool(tiny_codebook) -> Dataset:
    """30 of each frame, 10 of both, and 35 without: one without for every two with."""
    return passages(tiny_codebook, *[("rain",)] * 30, *[("frost",)] * 30, *[BOTH] * 10, *[()] * 35)


@pytest.mark.parametrize("examples", [1, 4, 16])
def test_every_frame_has_as_many_examples_as_asked(pool, examples):
    assert draw(pool, examples, 0).labels.sum(axis=0).tolist() == [examples, examples]


def test_passages_without_a_frame_come_in_their_natural_share(pool):
    drawn = draw(pool, 16, 0)
    carriers = int(drawn.labels.any(axis=1).sum())
    assert len(drawn) - carriers == round(carriers / 2)


def test_a_pool_without_bare_passages_gives_none(tiny_codebook):
    assert draw(passages(tiny_codebook, *[("rain",)] * 9, *[("frost",)] * 9), 4, 0).labels.any(axis=1).all()


def test_a_frame_with_too_few_passages_gives_all_it_has(tiny_codebook):
    drawn = draw(passages(tiny_codebook, *[("rain",)] * 3, *[("frost",)] * 30), 8, 0)
    assert drawn.labels.sum(axis=0).tolist() == [3, 8]


def test_a_frame_that_only_stands_beside_another_is_filled_all_the_same(tiny_codebook):
    drawn = draw(passages(tiny_codebook, *[("rain",)] * 30, *[BOTH] * 8), 8, 0)
    assert drawn.labels.sum(axis=0)[1] == 8


def test_a_draw_is_the_same_for_its_seed_and_another_for_the_next(pool):
    assert draw(pool, 4, 1).digest == draw(pool, 4, 1).digest != draw(pool, 4, 2).digest


def test_all_is_all(pool):
    assert draw(pool, None, 3).digest == pool.digest


def test_whole_groups_stay_away_where_one_passage_or_its_text_is_tested_on(tiny_codebook):
    rows = [("a", "g1"), ("b", "g1"), ("c", "g2"), ("d", "g3"), ("e", "g3"), ("f", "g4")]
    pool = Dataset(tiny_codebook, tuple(LabelledPassage(text, text, (), group) for text, group in rows))
    test = Dataset(tiny_codebook, (LabelledPassage("t1", " a ", (), "other"), LabelledPassage("t2", "z", (), "g3")))
    assert apart_from(pool, test).texts == ["c", "f"]
