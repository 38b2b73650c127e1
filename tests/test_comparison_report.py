"""A comparison as a page of its own, and as tables."""

import re
from dataclasses import replace

import pytest

from framing.data import Dataset
from tests.test_compare import blind, evaluation, good  # noqa: F401 - fixtures
from training.compare import compare
from training.comparison_report import comparison_page, comparison_table, flips_table

NASTY = "<script>alert(1)</script> & frost"


@pytest.fixture
def comparison(blind, good, evaluation):  # noqa: F811
    first, *rest = evaluation.dataset.passages
    nasty = Dataset(evaluation.dataset.codebook, (replace(first, text=NASTY, frames=("frost",), id="<b>"), *rest))
    return compare(replace(blind, name="runs/<old> $x$"), replace(good, name="ny & co"), replace(evaluation, dataset=nasty), draws=100)


def test_the_page_holds_the_verdict_the_measures_and_every_passage_answered_otherwise(comparison):
    page = comparison_page(comparison)
    assert "ny &amp; co is better than runs/&lt;old&gt; $x$ on 48 passages" in page
    assert page.count('<td class="text">') == len(comparison.flips) == 25
    assert "frost: unsure → present, label present" in page
    assert page.count("<svg") == 2


def test_no_text_of_a_passage_or_name_of_a_model_becomes_markup(comparison):
    page = comparison_page(comparison)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; frost" in page
    assert "<old>" not in page
    assert "<b>" not in page
    assert "ny & co" not in page


def test_the_page_asks_nothing_of_any_other(comparison):
    """Addresses stand in it as names of namespaces only."""
    page = re.sub(r'xmlns(:\w+)?="[^"]*"', "", comparison_page(comparison))
    assert re.findall(r"""(?:src|href)=["'](?!#)[^"']*|url\((?!#)|@import|https?://""", page) == []


def test_the_terminal_shows_old_new_and_difference(comparison):
    table = comparison_table(comparison).splitlines()
    assert table[0] == "|  | runs/<old> $x$ | ny & co | difference |"
    assert next(line for line in table if line.startswith("| F1 rain")).endswith("| +0.000 [+0.000, +0.000] |")


def test_the_table_of_flips_has_a_row_for_each_frame_decided_otherwise(comparison):
    table = flips_table(comparison)
    assert {len(column) for column in table.values()} == {25}
    assert (table["frame"][0], table["label"][0], table["old"][0], table["new"][0]) == ("frost", "present", "unsure", "present")
    assert (table["old_right"][0], table["new_right"][0], table["text"][0]) == (False, True, NASTY)
