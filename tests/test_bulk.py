"""The benchmark of bulk scoring: the same texts for all, in turns, and a ratio as the claim."""

from pathlib import Path

from benchmarks.bulk import OURS, PLAIN, encode_loop, measure, passages, report, write_texts
from benchmarks.rounds import turned
from framing.batch import score_file
from framing.rows import read_rows
from training.transformer.source import load_source


def test_the_ratio_is_taken_within_each_round():
    said = report({OURS: (300.0, 220.0, 260.0), PLAIN: (100.0, 110.0, 130.0)})
    assert said.splitlines()[2:] == [
        "| framing score | 260 [220, 300] | 2.00 [2.00, 3.00] |",
        "| sentence-transformers fp32 | 110 [100, 130] | 1.00 [1.00, 1.00] |",
    ]


def test_every_round_has_another_contender_first():
    assert ["".join(turned("abc", number)) for number in range(4)] == ["abc", "bca", "cab", "abc"]


def test_no_passage_comes_twice():
    assert len(set(passages(500))) == len(passages(500)) == 500


def test_every_contender_scores_every_row_once_in_each_round(tiny_model):
    calls: list[tuple[str, int]] = []

    def contender(name: str):
        def score(source: Path, target: Path) -> None:
            calls.append((name, score_file(tiny_model, source, target)))

        return score

    speeds = measure({"a": contender("a"), "b": contender("b")}, [f"Rain {number}." for number in range(40)], rounds=2)
    assert calls == [("a", 40), ("b", 40), ("a", 40), ("b", 40), ("b", 40), ("a", 40)]
    assert [(name, len(own)) for name, own in speeds.items()] == [("a", 2), ("b", 2)]


def test_the_plain_loop_gives_probabilities_for_every_row(tiny_model, small_transformer, tmp_path):
    from dataclasses import replace

    heads = replace(tiny_model.heads, vector_weights=tiny_model.heads.vector_weights[:, :32])
    loop = encode_loop(load_source(str(small_transformer)), replace(tiny_model, heads=heads))
    loop(write_texts(tmp_path / "in.jsonl", ["rain fell", "frost"]), tmp_path / "out.jsonl")
    rows = [row.fields for row in read_rows(tmp_path / "out.jsonl")]
    assert [row["text"] for row in rows] == ["rain fell", "frost"]
    assert all(set(row["probabilities"]) == {"rain", "frost"} and 0 < row["probabilities"]["rain"] < 1 for row in rows)
