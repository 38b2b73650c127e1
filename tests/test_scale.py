"""The arithmetic of docs/scale.md is that of the command it names."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from benchmarks.scale import Archive, command, core_hours
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"`python -m benchmarks\.scale (.*?)`:\n\n([^|]*\n\n\|.*?)\n\n", DOCUMENT, re.DOTALL)


def test_core_hours_are_passages_by_the_core_seconds_of_one():
    assert core_hours(Archive("a day", 3600), 10, core_seconds=0.5) == 5.0


def test_there_is_a_table_to_hold_the_document_to():
    assert len(SHOWN) == 1


@pytest.mark.parametrize(("options", "shown"), SHOWN)
def test_what_the_document_shows_is_what_its_command_prints(options, shown):
    assert CliRunner().invoke(command, options.split()).output.strip() == shown
