"""The session of the README as a benchmark: what it starts from. What it does with that is run by hand, for it takes minutes."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.session import LABELS, SLIPS, write_evaluation, write_labels


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_ten_labels_say_nothing_of_a_frame_that_the_corrected_ones_name(tmp_path):
    first, corrected = map(rows_of, write_labels(tmp_path))
    assert (len(first), len(corrected)) == (LABELS, SLIPS)
    said = {row["id"]: row["frames"] for row in first}
    assert all(row["frames"] and said[row["id"]] == [] for row in corrected)


def test_no_sealed_passage_is_among_those_it_is_judged_by(tmp_path):
    write_evaluation(tmp_path / "evaluation.jsonl")
    rows = rows_of(tmp_path / "evaluation.jsonl")
    assert {row["half"] for row in rows} == {"tune"}
    assert len({row["id"] for row in rows}) == len(rows) == 266
