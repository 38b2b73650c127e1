"""The benchmark of quick retraining: what it reads, what it shows, and what it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from benchmarks import floor, retrain
from benchmarks.retrain import HEADER, Row, cells, read_rows, spread_out
from framing.artifact import DEFAULT_FOLDER
from framing.errors import DataError


def test_a_line_shows_the_median_of_its_rounds_and_how_far_they_lie_apart():
    shown = cells(Row(1050, "warm", (4.0, 9.0, 4.24), (7.0, 6.0, 8.0)))
    assert shown == ["1,050", "warm", "3", "4.2", "4.0 to 9.0", "7.0"]
    assert len(shown) == len(HEADER)


def test_processor_time_is_that_of_all_processes_that_were_waited_for():
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); exec({busy!r})"
    taken = retrain._timed(lambda: subprocess.run([sys.executable, "-c", both], check=True))
    assert 0.6 <= taken.processor <= taken.wall + 0.2


def test_passages_are_taken_from_all_over_the_file_each_once():
    lines = [str(at) for at in range(10)]
    assert spread_out(lines, 10) == lines
    assert spread_out(lines, 4) == ["0", "2", "5", "7"]


def test_of_several_lines_of_a_size_the_last_counts_and_one_that_is_none_is_refused(tmp_path):
    out = tmp_path / "out.jsonl"
    rows = [Row(250, "cold", (9.0,), (9.0,)), Row(250, "warm", (3.0,), (3.0,)), Row(250, "cold", (8.0,), (9.0,))]
    out.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
    assert read_rows(out) == [Row(250, "cold", (8.0,), (9.0,)), Row(250, "warm", (3.0,), (3.0,))]
    assert (
        CliRunner().invoke(retrain.command, ["--table", "--out", str(out)]).output.splitlines()[-2].startswith("| 250 | cold | 1 | 8.0 |")
    )
    out.write_text("{}\n")
    with pytest.raises(DataError, match="row 1: is not a line of this table"):
        read_rows(out)


def test_every_size_is_run_cold_then_with_fifty_new_then_warm_after_a_run_that_knows_all_but_those(tmp_path, monkeypatch):
    asked = []

    def train(folder, _, recipe, labels, *options):
        kept = folder / "cache" / "texts.db"
        known = int(kept.read_text()) if kept.is_file() else 0
        lines = len(labels.read_text().splitlines())
        asked.append((recipe, lines, known))
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(str(max(lines, known)))

    monkeypatch.setattr(retrain, "_train", train)
    monkeypatch.setattr(retrain, "_crown", lambda _: None)
    monkeypatch.setattr(retrain, "_floor", lambda *_: retrain.Taken(1.0, 1.0))
    found = list(retrain.measure(tmp_path, [100, 200], 2))
    assert [(row.labels, row.start, len(row.seconds)) for row in found] == [
        (0, "floor", 2), (100, "cold", 2), (100, "50 new", 2), (100, "warm", 2), (200, "cold", 2), (200, "50 new", 2), (200, "warm", 2),
    ]  # fmt: skip
    assert asked[0] == ("frozen", 1000, 0)
    for size, rounds in ((100, asked[1:8]), (200, asked[8:])):
        assert rounds[0] == ("refit", size - 50, 0)
        assert rounds[1:] == [("refit", size, known) for known in (0, 0, size - 50, size - 50, size, size)]
    monkeypatch.undo()
    refused = CliRunner().invoke(retrain.command, ["--size", "99"])
    assert refused.exit_code == 2


def test_a_round_starts_from_what_is_kept_of_all_texts_or_of_all_but_some_or_of_none(tmp_path, monkeypatch):
    (tmp_path / "known").mkdir()
    (tmp_path / "known" / "texts.db").write_text("all but some")
    found = []

    def train(folder, *_):
        kept = folder / "cache" / "texts.db"
        found.append(kept.read_text() if kept.is_file() else None)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("all")

    monkeypatch.setattr(retrain, "_train", train)
    for start in (*retrain.STARTS, retrain.SOME_NEW):
        retrain._round(tmp_path, {}, tmp_path / "labels.jsonl", start)
    assert found == [None, "all but some", "all", "all but some"]


def test_the_floor_registers_a_model_with_no_training(registry, tmp_path):
    shutil.copytree(DEFAULT_FOLDER, tmp_path / "model")
    (tmp_path / "nothing").mkdir()
    version = floor.register(tmp_path / "nothing", tmp_path / "model")
    assert [(str(one.version), one.run_id) for one in registry.search_model_versions("name='framing'")] == [(version.number, version.run)]
