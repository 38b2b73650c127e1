"""The arithmetic of docs/scale.md is that of the command it names."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from benchmarks.scale import Archive, command, core_hours
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"`python -m benchmarks\.scale (.*?)`[^|]*\n\n(\|.*?)\n\n", DOCUMENT, re.DOTALL)


def test_core_hours_are_passages_by_the_core_seconds_of_one():
    assert core_hours(Archive("a day", 3600), 10, core_seconds=0.5) == 5.0


def test_there_are_tables_to_hold_the_document_to():
    assert len(SHOWN) == 2


@pytest.mark.parametrize(("options", "table"), SHOWN)
def test_a_table_of_the_document_is_what_its_command_prints(options, table):
    assert CliRunner().invoke(command, options.split()).output.strip() == table
