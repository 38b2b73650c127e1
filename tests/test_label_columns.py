"""Labels may stand in many forms; what is not clear is refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.label_columns import RefusedRowError, column_problem, importable, read_frames, read_name, read_text

NAMES = ("peace_mediator", "anti_western_alliance", "energy_deal")


# Frames as a list or in one cell


@pytest.mark.parametrize(
    ("value", "frames"),
    [
        (["energy_deal", "peace_mediator"], ("peace_mediator", "energy_deal")),
        (("energy_deal",), ("energy_deal",)),
        ([" energy_deal ", "", "energy_deal"], ("energy_deal",)),
        ([], ()),
        (None, ()),
        (float("nan"), ()),
        ("", ()),
        ("  ", ()),
        ("energy_deal", ("energy_deal",)),
        ("energy_deal;peace_mediator", ("peace_mediator", "energy_deal")),
        (" energy_deal ; peace_mediator ;", ("peace_mediator", "energy_deal")),
        ("energy_deal|peace_mediator", ("peace_mediator", "energy_deal")),
        ("energy_deal, peace_mediator", ("peace_mediator", "energy_deal")),
        ('["energy_deal", "peace_mediator"]', ("peace_mediator", "energy_deal")),
        ("['energy_deal', 'peace_mediator']", ("peace_mediator", "energy_deal")),
        (" [] ", ()),
    ],
)
def test_frames_may_be_a_list_or_names_in_one_cell(value: Any, frames: tuple[str, ...]) -> None:
    assert read_frames({"frames": value}, NAMES) == frames


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("peace", "unknown frame 'peace'; accepted are peace_mediator, anti_western_alliance, energy_deal"),
        (["x", "energy_deal", "y"], "unknown frames 'x', 'y'; accepted are peace_mediator, anti_western_alliance, energy_deal"),
        ("Energy_Deal", "unknown frame 'Energy_Deal'; accepted are peace_mediator, anti_western_alliance, energy_deal"),
        ("energy_deal;peace_mediator,x", "'frames' has both ; and , between names; use ; alone"),
        ("[energy_deal]", "'frames' begins like a list, but is not one"),
        ("[" * 100_000, "'frames' begins like a list, but is not one"),
        ("[1]", "'frames' must be a list of names, or names with ; between them"),
        ([None], "'frames' must be a list of names, or names with ; between them"),
        (1, "'frames' must be a list of names, or names with ; between them"),
        ({"energy_deal": True}, "'frames' must be a list of names, or names with ; between them"),
    ],
)
def test_frames_that_are_not_clear_are_refused(value: Any, problem: str) -> None:
    with pytest.raises(RefusedRowError) as refused:
        read_frames({"frames": value}, NAMES)
    assert str(refused.value) == problem


# One column a frame


@pytest.mark.parametrize("mark", [1, 1.0, True, "1", "1.0", "true", "TRUE", " yes ", "Yes"])
def test_a_frame_is_present_where_its_column_says_so(mark: Any) -> None:
    assert read_frames(dict.fromkeys(NAMES, 0) | {"energy_deal": mark}, NAMES) == ("energy_deal",)


@pytest.mark.parametrize("mark", [0, 0.0, False, "0", "0.0", "false", "False", "no", "", " ", None, float("nan")])
def test_a_frame_is_absent_where_its_column_says_so_or_says_nothing(mark: Any) -> None:
    assert read_frames(dict.fromkeys(NAMES, 0) | {"energy_deal": mark}, NAMES) == ()


@pytest.mark.parametrize("mark", ["x", "2", 2, -1, 0.5, [1], "maybe", "1;0"])
def test_a_mark_that_is_neither_is_refused(mark: Any) -> None:
    with pytest.raises(RefusedRowError) as refused:
        read_frames(dict.fromkeys(NAMES, 0) | {"energy_deal": mark}, NAMES)
    assert str(refused.value) == f"the column 'energy_deal' holds '{mark}'; accepted are 0 or 1, true or false, yes or no, or nothing"


def test_a_row_that_lacks_the_column_of_a_frame_is_refused_and_not_taken_for_one_without_it() -> None:
    with pytest.raises(RefusedRowError, match="has a value for the frame 'frost', but none for 'rain'; each needs one, such as 0"):
        read_frames({"rian": 1, "frost": 0}, ("rain", "frost"))


def test_a_frame_that_is_named_like_another_column_is_never_read_from_it() -> None:
    assert read_frames({"style": "1", "energy_deal": "1"}, ("style", "energy_deal")) == ("energy_deal",)
    assert read_frames({"frames": "style"}, ("style", "energy_deal")) == ("style",)


# Columns of a file


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (["text", "frames"], None),
        (["text", "frames", "note"], None),
        (["text", *NAMES], None),
        (["id", "frames"], "has no column 'text'; its columns are id, frames"),
        (
            ["text", "note"],
            "has no labels: neither a column 'frames', nor one column a frame, named peace_mediator, anti_western_alliance, energy_deal",
        ),
        (["text", "frames", "energy_deal"], "has a column 'frames' and also a column 'energy_deal'; one of the two must hold the labels"),
        (
            ["text", "energy_deal", "peace_mediater", "anti_western_alliance"],
            "has a column for the frame 'anti_western_alliance', but none for 'peace_mediator'; every frame needs one, "
            "or use a column 'frames'",
        ),
    ],
)
def test_columns_that_tell_no_labels_are_refused(columns: list[str], problem: str | None) -> None:
    assert column_problem(columns, NAMES) == problem


# Texts and names


def test_a_text_is_never_altered() -> None:
    assert read_text({"text": " e\u0301\r\n\ttext "}) == " e\u0301\r\n\ttext "


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "has no text"),
        ({"text": None}, "has no text"),
        ({"text": ""}, "the text is empty"),
        ({"text": " \t\u00a0\n"}, "the text is only white space"),
        ({"text": 3}, "the text is a number, not a text"),
        ({"text": True}, "the text is true or false, not a text"),
        ({"text": ["one"]}, "the text is a list, not a text"),
        ({"text": {"en": "one"}}, "the text is an object, not a text"),
        ({"text": b"one"}, "the text is of the type bytes, not a text"),
        ({"text": "o\0ne"}, "'text' holds a NUL character, which no text has"),
    ],
)
def test_a_text_that_is_none_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(RefusedRowError) as refused:
        read_text(fields)
    assert str(refused.value) == problem


@pytest.mark.parametrize(("value", "name"), [(" anna ", "anna"), (7, "7"), ("", None), (" ", None), (None, None), (float("nan"), None)])
def test_a_name_is_text_without_padding_or_nothing(value: Any, name: str | None) -> None:
    assert read_name({"coder": value}, "coder") == name


@pytest.mark.parametrize(
    ("value", "problem"),
    [(["anna"], "'coder' is a list, not a text"), (True, "'coder' is true or false, not a text"), (1.5, "'coder' is a number, not a text")],
)
def test_a_name_of_another_type_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(RefusedRowError) as refused:
        read_name({"coder": value}, "coder")
    assert str(refused.value) == problem


# Any value at all

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.text(st.sampled_from("[]{}'\";,|1 energy_deal")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["frames", "text", "coder", *NAMES]), ANYTHING))
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    with contextlib.suppress(RefusedRowError):
        assert set(read_frames(fields, NAMES)) <= set(NAMES)
    with contextlib.suppress(RefusedRowError):
        assert read_text(fields).strip()
    with contextlib.suppress(RefusedRowError):
        name = read_name(fields, "coder")
        assert name is None or name == name.strip()


@given(st.sets(st.sampled_from(NAMES)), st.sampled_from([";", "|", ",", " ; ", ", "]), st.randoms())
def test_names_come_back_in_the_order_of_the_codebook_whatever_the_separator(frames: set[str], separator: str, random: Any) -> None:
    shuffled = sorted(frames)
    random.shuffle(shuffled)
    assert read_frames({"frames": separator.join(shuffled)}, NAMES) == tuple(name for name in NAMES if name in frames)


def test_a_row_that_is_to_be_imported_has_no_column_that_is_named_like_a_frame() -> None:
    row = {"id": "a", "text": "Rain.", "quality": 0.5, "disputed": ["quality"]}
    assert importable(row, ("quality", "text")) == {"id": "a", "text": "Rain.", "disputed": ["quality"]}
