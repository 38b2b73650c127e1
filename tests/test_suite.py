"""`make bench`: every benchmark is a section, a failed one is told, and the document is made of what was kept."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from benchmarks import suite as module
from benchmarks.suite import SECTIONS, Outcome, Section, command, document, read_outcomes, run
from framing.errors import DataError


def outcome(section: str, output: str, problem: str = "") -> Outcome:
    return Outcome(section, f"python -m benchmarks.{section}", "2026-01-31", "a processor, 2 of 2 cores", 61.4, output, problem)


def test_a_benchmark_that_fails_is_an_outcome_with_the_end_of_what_it_said():
    found = run("serving", ("benchmarks.serving", "--rounds", "none"))
    assert found.command == "python -m benchmarks.serving --rounds none"
    assert "Invalid value for '--rounds': 'none' is not a valid integer" in found.problem


def test_what_a_benchmark_prints_is_its_output():
    found = run("scale", ("benchmarks.scale", "--rate", "100", "--cores", "1"))
    assert found.output.startswith("1 / 100 = 0.0100 seconds of a core a passage.")
    assert (found.problem, found.section) == ("", "scale")


def test_each_section_shows_its_command_date_processor_and_output():
    said = document([outcome("bulk", "| a | b |")])
    assert "## Bulk\n\n" in said
    assert "`python -m benchmarks.bulk`, 2026-01-31, a processor, 2 of 2 cores, 61 s.\n\n| a | b |\n" in said
    assert "## Serving\n\nNot measured yet: `python -m benchmarks.suite --only serving`.\n" in said


def test_a_failed_section_says_so():
    assert "## Bulk\n\nFailed: `python -m benchmarks.bulk`" in document([outcome("bulk", "", "no module of that name")])


def test_the_last_good_outcome_of_a_section_counts(tmp_path):
    log = tmp_path / "log.jsonl"
    kept = [outcome("bulk", "old"), outcome("bulk", "new"), outcome("bulk", "", "broken"), outcome("growth", "", "broken too")]
    log.write_text("".join(json.dumps(asdict(one)) + "\n" for one in kept))
    assert [(one.section, one.output, one.problem) for one in read_outcomes(log)] == [("bulk", "new", ""), ("growth", "", "broken too")]


def test_a_line_that_is_no_outcome_is_named(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"section": "bulk"}\n')
    with pytest.raises(DataError, match=r"log.jsonl, row 1: is not an outcome of this benchmark"):
        read_outcomes(tmp_path / "log.jsonl")


def test_the_command_keeps_each_outcome_and_writes_the_document(tmp_path, monkeypatch):
    scale = ("benchmarks.scale", "--rate", "100", "--cores", "1")
    monkeypatch.setattr(module, "SECTIONS", (Section("serving", "Scale", "What it costs. Really.", scale, scale),))
    log, results = tmp_path / "runs" / "bench.jsonl", tmp_path / "RESULTS.md"
    done = CliRunner().invoke(command, ["--log", str(log), "--results", str(results)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("serving: What it costs\nserving: done (")
    assert [one.section for one in read_outcomes(log)] == ["serving"]
    assert "## Scale\n\nWhat it costs. Really.\n\n`python -m benchmarks.scale" in results.read_text()


def test_every_section_has_a_name_of_its_own():
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)
