"""Which recipe the library would pick, and the sentence that says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage
from training import advice
from training.advice import BOUNDS, Bound, advise
from training.recipes import RECIPES

GERMAN = "Der Präsident sprach am Montag in Berlin lange über das Wetter und den Regen."
TABLE = (Bound(0, "frozen", "few", "figures of few"), Bound(50, "finetuned", "many", "figures of many"))


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(advice, "BOUNDS", TABLE)


def labelled(codebook: Codebook, rain: int, frost: int, german: int = 0) -> Dataset:
    """So many passages of each frame, of which the first are German."""
    frames = ["rain"] * rain + ["frost"] * frost
    passages = [
        LabelledPassage(str(at), GERMAN if at < german else f"Passage {at} of the weather report.", (frame,), f"g{at}")
        for at, frame in enumerate(frames)
    ]
    return Dataset(codebook, tuple(passages))


def test_the_rarest_frame_decides_and_the_reason_names_it_its_count_and_the_figures(tiny_codebook, table):
    advised = advise(labelled(tiny_codebook, 200, 49))
    assert advised.recipe == "frozen"
    assert advised.reason == "the rarest frame, frost, has 49 labelled passages; below 50, few (figures of few)"


def test_a_bound_counts_from_its_own_number_up(tiny_codebook, table):
    advised = advise(labelled(tiny_codebook, 50, 50))
    assert advised.recipe == "finetuned"
    assert "from 50 up, many (figures of many)" in advised.reason


def test_a_frame_without_a_passage_gets_advice_and_no_error(tiny_codebook, table):
    assert advise(labelled(tiny_codebook, 200, 0)).recipe == "frozen"


def test_passages_in_other_languages_ask_for_the_recipe_that_reads_them(tiny_codebook, table):
    advised = advise(labelled(tiny_codebook, 60, 60, german=12))
    assert advised.recipe == "multilingual"
    assert advised.reason.startswith("10% of the passages are not in English; ")


def test_a_stray_passage_in_another_language_changes_nothing(tiny_codebook, table):
    assert advise(labelled(tiny_codebook, 60, 60, german=2)).recipe == "finetuned"


def test_a_language_that_the_data_names_counts_before_how_the_text_reads(tiny_codebook):
    data = labelled(tiny_codebook, 5, 5, german=10)
    named = Dataset(tiny_codebook, tuple(replace(passage, language="en") for passage in data.passages))
    assert advice.foreign_share(data) == 1.0
    assert advice.foreign_share(named) == 0.0


def test_the_table_begins_at_none_rises_and_names_recipes_that_are_there():
    examples = [bound.examples for bound in BOUNDS]
    assert examples[0] == 0
    assert examples == sorted(set(examples))
    assert {bound.recipe for bound in BOUNDS} <= {recipe.name for recipe in RECIPES}
