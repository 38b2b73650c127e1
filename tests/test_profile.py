"""Where the time of one passage goes: parts that add up, and limits beside what is reached."""

from __future__ import annotations

from benchmarks.operations import Graph
from benchmarks.profile import GRAPH, limits_table, need_said, part_seconds, parts, parts_table, prepare_text
from framing.artifact import DEFAULT_FOLDER
from framing.encoder.files import TOKENIZER_FILE, open_tokenizer


def test_parts_and_the_rest_add_up_to_the_request():
    assert parts_table({"tokenizer": 0.001, GRAPH: 0.003}, [0.004, 0.005, 0.009]).splitlines()[2:] == [
        "| tokenizer | 1,000 | 20.0% |",
        "| graph | 3,000 | 60.0% |",
        "| HTTP, threads and the rest | 1,000 | 20.0% |",
        "| the whole request | 5,000 [4,000, 9,000] | 100.0% |",
    ]


def test_the_need_is_shown_with_its_arithmetic():
    said = need_said(Graph(((1000, 1000), (1000, 1000)), 12, 384), 100)
    assert "100 * 2,000,000 + 12 * 100² * 384 = 246 million multiply-adds for 100 pieces" in said


def test_the_graph_stands_beside_each_limit():
    assert limits_table(40e9, {"int8 product": 160e9}).splitlines()[2:] == [
        "| the graph as it runs (median of passages) | 40 | 100% |",
        "| int8 product | 160 | 25% |",
    ]


def test_every_part_of_a_real_passage_takes_time(default_model, seed_texts):
    tokenizer = open_tokenizer(DEFAULT_FOLDER / TOKENIZER_FILE)
    prepared = [prepare_text(default_model, tokenizer, text) for text in seed_texts[:2]]
    taken = part_seconds(parts(default_model, tokenizer), prepared)
    assert list(taken)[3:6] == ["tokenizer", GRAPH, "words (TF-IDF)"]
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in taken.values())
