"""What to label next: the pool, the doubt, and the order."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from framing.data import load_dataset
from framing.errors import DataError
from framing.heads import Heads
from framing.labels.label import text_digest
from framing.selection import PoolText, load_pool, rank
from framing.selection.doubt import unsureness
from framing.selection.order import BATCH, WIDTH, candidates, diverse_order
from tests.conftest import WordEncoder


def pool_of(*texts: str, language: str = "en") -> list[PoolText]:
    return [PoolText(text, text_digest(text), f"t-{number}", language=language) for number, text in enumerate(texts)]


def units(*rows: list[float]) -> np.ndarray:
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


# --- the pool ---


@pytest.mark.parametrize("name", ["pool.csv", "pool.jsonl", "pool.parquet"])
def test_a_pool_is_read_from_every_format_with_what_its_rows_tell(tmp_path, name):
    from framing.data import open_rows_writer

    path = tmp_path / name
    with open_rows_writer(path) as writer:
        writer.write({"text": "Rain fell.", "id": "r", "group": "storm", "style": "wire", "language": "de", "other": "left aside"})
    assert load_pool(path) == (PoolText("Rain fell.", text_digest("Rain fell."), "r", "storm", "wire", "de"),)


def test_a_row_without_an_id_is_named_after_its_place_and_equal_texts_count_once(tmp_path):
    path = tmp_path / "pool.csv"
    path.write_text("text\nRain fell.\nRain  fell. \nFrost came.\n", encoding="utf-8")
    assert [(text.id, text.text) for text in load_pool(path)] == [("pool.csv:2", "Rain fell."), ("pool.csv:4", "Frost came.")]


def test_every_row_that_is_refused_is_named(tmp_path):
    path = tmp_path / "pool.jsonl"
    rows = [{"text": "Rain.", "id": "a"}, {"text": " "}, {"text": "Frost.", "id": "a"}, {"text": "Hail.", "language": "german"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        load_pool(path)
    assert [(bad.row, bad.problem) for bad in refused.value.rows] == [
        (2, "the text is only white space"),
        (3, "has the id 'a' of another text"),
        (4, "'language' is 'german'; it must be a code of two letters such as en or de"),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [("texts,id\nRain.,1\n", "has no column 'text'; its columns are texts, id"), ("", "holds no rows"), ("text\n", "holds no rows")],
)
def test_a_file_that_is_no_pool_is_refused_in_one_sentence(tmp_path, content, problem):
    path = tmp_path / "pool.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        load_pool(path)
    assert str(refused.value) == f"{path}: {problem}"


# --- doubt ---


def test_doubt_is_whole_at_the_threshold_and_none_at_certainty():
    probabilities = np.array([[0.0, 0.1, 0.2, 0.6, 1.0]])
    assert unsureness(probabilities, np.full((1, 5), 0.2)) == pytest.approx(np.array([[0.0, 0.5, 1.0, 0.5, 0.0]]))


# --- order ---


def test_the_most_unsure_comes_first_and_what_it_says_too_comes_late():
    vectors = units([1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1])
    assert diverse_order(np.array([0.9, 0.9, 0.8, 0.7]), vectors, 4).tolist() == [0, 2, 3, 1]


def test_a_text_that_speaks_for_many_others_comes_before_a_stray_one():
    vectors = units([1, 0, 0], [0, 1, 0.2], [0, 1, 0.3], [0, 1, 0.25])
    assert diverse_order(np.array([0.9, 0.8, 0.8, 0.8]), vectors, 2).tolist() == [3, 0]


def test_the_first_ones_are_the_same_however_many_are_asked_for_and_nothing_is_chosen_twice():
    generator = np.random.default_rng(0)
    vectors, unsure = units(*generator.normal(size=(700, 8)).tolist()), generator.random(700)
    whole = diverse_order(unsure, vectors, 700)
    assert sorted(whole.tolist()) == list(range(700))
    for count in (1, BATCH, BATCH + 7):
        by_doubt = np.argsort(-unsure, kind="stable")[: candidates(count)]
        assert by_doubt[diverse_order(unsure[by_doubt], vectors[by_doubt], count)].tolist() == whole[:count].tolist()


def test_only_the_most_unsure_are_candidates():
    unsure = np.concatenate([np.full(WIDTH * BATCH, 0.5), np.full(WIDTH * BATCH, 0.1)])
    vectors = units(*np.random.default_rng(0).normal(size=(len(unsure), 8)).tolist())
    assert diverse_order(unsure, vectors, BATCH).max() < WIDTH * BATCH


# --- a pool and a model ---


def test_a_pool_is_ranked_by_what_its_model_is_unsure_of(tiny_model):
    """The tiny model is sure that 'sky' carries nothing and that 'rain' is rain; beside other words it is less sure."""
    pool = pool_of("Sky.", "Rain.", "Some rain with words of other things beside it.", "Frost.")
    first = rank(pool, tiny_model)[0]
    assert (first.text.id, first.doubt.frame) == ("t-2", "rain")
    frames = tiny_model.score([first.text.text])[0].frames
    assert (first.doubt.probability, first.doubt.threshold) == (frames[0].probability, 0.5)
    assert first.doubt.unsure == pytest.approx(np.mean([1 - abs(frame.probability - 0.5) / 0.5 for frame in frames]))


def test_every_text_stands_in_the_order_once_and_the_same_pool_gives_the_same_order(tiny_model):
    pool = pool_of(*(f"Rain {number} fell on {number % 7} towns." for number in range(200)))
    order = rank(pool, tiny_model, diverse=20)
    assert sorted(waiting.text.id for waiting in order) == sorted(text.id for text in pool)
    assert order == rank(pool, tiny_model, diverse=20, chunk=1)
    after = [waiting.doubt.unsure for waiting in order[20:]]
    assert after == sorted(after, reverse=True)


def test_an_empty_pool_has_an_empty_order(tiny_model):
    assert rank([], tiny_model) == ()


def test_progress_tells_of_every_reading_and_may_end_it(tiny_model):
    told: list[tuple[int, int]] = []
    rank(pool_of("Rain.", "Frost.", "Sky."), tiny_model, chunk=2, on_texts=lambda done, total: told.append((done, total)))
    assert told == [(2, 6), (3, 6), (5, 6), (6, 6)]

    def stop(done: int, _total: int) -> None:
        raise InterruptedError(done)

    with pytest.raises(InterruptedError, match="1"):
        rank(pool_of("Rain.", "Frost."), tiny_model, chunk=1, on_texts=stop)


def test_a_text_in_another_language_is_read_by_the_model_of_that_language(tiny_model):
    thresholds = np.array([0.9, 0.9])
    heads = Heads(np.zeros((2, 32)), None, np.array([1.0, 0.0]), thresholds, thresholds)
    other = replace(tiny_model, encoder=WordEncoder32(), heads=heads, languages=("de",))
    german = pool_of("Regen fiel.", language="de")[0]
    order = rank([*pool_of("Sky."), replace(german, id="g")], replace(tiny_model, fallback=other))
    found = next(waiting for waiting in order if waiting.text.id == "g")
    assert (found.doubt.frame, found.doubt.threshold) == ("rain", 0.9)
    assert found.doubt.probability == pytest.approx(1 / (1 + np.exp(-1)))


class WordEncoder32(WordEncoder):
    """Vectors of another width than those of the model beside it."""

    def __init__(self) -> None:
        super().__init__(32, "words-32")

    def direction(self, word: str) -> np.ndarray:
        return super().direction(word)[:32]


def test_a_line_is_no_label_until_somebody_has_filled_it_in(tiny_model, tmp_path):
    row = rank(pool_of("Rain fell."), tiny_model)[0].as_row()
    assert {"id", "group", "text", "style", "language", "why"} == set(row)
    path = tmp_path / "next.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(DataError, match="has no labels"):
        load_dataset([path], tiny_model.codebook)
    path.write_text(json.dumps({**row, "frames": ["rain"], "coder": "anna"}), encoding="utf-8")
    assert load_dataset([path], tiny_model.codebook).passages[0].frames == ("rain",)
