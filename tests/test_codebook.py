"""A codebook holds the frames of any user; a wrong one is refused by file, frame and what is accepted."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.codebook import MAX_FRAMES, Codebook, Frame, load_codebook, parse_codebook
from framing.errors import CodebookError

SEEDS = Path(__file__).parent.parent / "seeds" / "codebook.toml"
PEACE = {"title": "Peace", "definition": "Somebody mediates."}
FULL = {**PEACE, "includes": ["offers"], "excludes": ["wishes"], "examples": ["Ankara offered."]}


def refusal(content: object) -> str:
    with pytest.raises(CodebookError) as refused:
        parse_codebook(content, "my.toml")
    return str(refused.value)


# What is read


def test_the_built_in_codebook_holds_its_three_frames_in_order() -> None:
    codebook = load_codebook(SEEDS)
    assert codebook.names == ("peace_mediator", "anti_western_alliance", "energy_deal")
    assert all(frame.title and frame.definition and frame.includes and frame.excludes and frame.examples for frame in codebook.frames)


def test_a_codebook_is_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text('title = "Mine"\n[frames.war]\ntitle = "War"\ndefinition = "Somebody fights."\nincludes = ["shelling"]\n')
    assert load_codebook(path) == Codebook("Mine", (Frame("war", "War", "Somebody fights.", ("shelling",)),))


@pytest.mark.parametrize("name", ["my.json", "my.JSON"])
def test_a_codebook_is_read_from_json_of_the_same_shape(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps({"title": "Mine", "frames": {"b": FULL, "a": PEACE}}))
    codebook = load_codebook(tmp_path / name)
    assert codebook.names == ("b", "a")
    assert codebook.frames[0] == Frame("b", "Peace", "Somebody mediates.", ("offers",), ("wishes",), ("Ankara offered.",))


def test_a_byte_order_mark_is_forgiven(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text('\ufefftitle = "Mine"\n[frames.war]\ntitle = "War"\ndefinition = "Fights."\n', encoding="utf-8")
    assert load_codebook(path).names == ("war",)


@pytest.mark.parametrize("count", [1, MAX_FRAMES])
def test_a_codebook_may_have_1_to_50_frames(count: int) -> None:
    assert len(parse_codebook({"title": "Mine", "frames": {f"f{n}": PEACE for n in range(count)}}, "my.toml").frames) == count


@pytest.mark.parametrize("name", ["a", "peace_mediator", "a1_", "a" * 64])
def test_a_frame_name_is_a_plain_lower_case_word(name: str) -> None:
    assert parse_codebook({"title": "Mine", "frames": {name: PEACE}}, "my.toml").names == (name,)


def test_what_a_codebook_says_of_itself_is_read_as_the_same_codebook() -> None:
    codebook = load_codebook(SEEDS)
    assert parse_codebook(codebook.as_dict(), "itself") == codebook
    assert parse_codebook(json.loads(json.dumps(codebook.as_dict())), "itself") == codebook


# Digests


def test_the_digest_is_told_by_content_and_not_by_file(tmp_path: Path) -> None:
    codebook = load_codebook(SEEDS)
    (tmp_path / "other.json").write_text(json.dumps(codebook.as_dict()))
    assert load_codebook(tmp_path / "other.json").digest == codebook.digest


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"title": "Other"}, {"definition": "Other."}, {"includes": ("x",)}, {"excludes": ("x",)}, {"examples": ("x",)}],
)
def test_the_digest_depends_on_all_that_a_frame_says(change: dict[str, Any]) -> None:
    frame = Frame("peace", "Peace", "Somebody mediates.")
    assert Codebook("Mine", (frame,)).digest != Codebook("Mine", (replace(frame, **change),)).digest
    assert Codebook("Mine", (frame,)).digest != Codebook("Other", (frame,)).digest


def test_the_digest_depends_on_the_order_of_frames_because_arrays_follow_it() -> None:
    one, two = Frame("a", "A", "Is a."), Frame("b", "B", "Is b.")
    assert Codebook("Mine", (one, two)).digest != Codebook("Mine", (two, one)).digest


# What is refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "my.toml: a codebook is a table with 'title' and 'frames'"),
        ({"title": "Mine"}, "my.toml: needs 1 to 50 frames, each a table [frames.NAME]; found none"),
        ({"title": "Mine", "frames": {}}, "my.toml: needs 1 to 50 frames, each a table [frames.NAME]; found 0 frames"),
        ({"title": "Mine", "frames": [PEACE]}, "my.toml: needs 1 to 50 frames, each a table [frames.NAME]; found none"),
        (
            {"title": "Mine", "frames": {f"f{n}": PEACE for n in range(51)}},
            "my.toml: needs 1 to 50 frames, each a table [frames.NAME]; found 51 frames",
        ),
        ({"frames": {"a": PEACE}}, "my.toml: needs a 'title', a line of text"),
        ({"title": " ", "frames": {"a": PEACE}}, "my.toml: needs a 'title', a line of text"),
        ({"title": 1, "frames": {"a": PEACE}}, "my.toml: needs a 'title', a line of text"),
        ({"titel": "Mine", "frames": {"a": PEACE}}, "my.toml: unknown entry 'titel'; accepted are title and frames"),
        ({"title": "Mine", "frames": {"a": PEACE}, 1: 2}, "my.toml: unknown entry '1'; accepted are title and frames"),
        ({"title": "half \ud83d", "frames": {"a": PEACE}}, "my.toml: 'title' holds half of a surrogate pair, which is no character"),
    ],
)
def test_a_wrong_codebook_is_refused_by_file_and_what_is_accepted(content: object, message: str) -> None:
    assert refusal(content) == message


ACCEPTED = "title, definition, includes, excludes, examples"


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        ("Peace", f"must be a table with {ACCEPTED}"),
        ({"definition": "Somebody mediates."}, "needs 'title', a text that is not empty"),
        ({**PEACE, "title": ""}, "needs 'title', a text that is not empty"),
        ({"title": "Peace"}, "needs 'definition', a text that is not empty"),
        ({**PEACE, "definition": ["x"]}, "needs 'definition', a text that is not empty"),
        ({**PEACE, "example": ["x"]}, f"unknown entry 'example'; accepted are {ACCEPTED}"),
        ({**PEACE, "name": "x"}, f"unknown entry 'name'; accepted are {ACCEPTED}"),
        ({**PEACE, "includes": "x"}, "'includes' must be a list of texts that are not empty"),
        ({**PEACE, "excludes": [1]}, "'excludes' must be a list of texts that are not empty"),
        ({**PEACE, "examples": ["x", " "]}, "'examples' must be a list of texts that are not empty"),
        ({**PEACE, "examples": None}, "'examples' must be a list of texts that are not empty"),
        ({**PEACE, "examples": ["half \udc00"]}, "'examples' holds half of a surrogate pair, which is no character"),
        ({**PEACE, "definition": "half \udc00"}, "'definition' holds half of a surrogate pair, which is no character"),
    ],
)
def test_a_wrong_frame_is_refused_by_file_name_and_what_is_accepted(frame: object, problem: str) -> None:
    assert refusal({"title": "Mine", "frames": {"good": PEACE, "peace": frame}}) == f"my.toml, frame 'peace': {problem}"


@pytest.mark.parametrize("name", ["", "Peace", "1a", "_a", "peace mediator", "peace-mediator", "é", "a\n", "a" * 65, 1, None])
def test_a_frame_name_that_is_not_usable_is_refused_with_the_rule(name: Any) -> None:
    assert refusal({"title": "Mine", "frames": {name: PEACE}}) == (
        f"my.toml, frame '{name}': the name is not usable: "
        "a name starts with a letter a-z and goes on with a-z, 0-9 or _, at most 64 characters"
    )


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("my.toml", b'title = "Mine', "is not valid TOML: "),
        ("my.toml", b'[frames.a]\ntitle = "A"\n[frames.a]\n', "is not valid TOML: "),
        ("my.toml", b"title = " + b"[" * 100_000, "is nested too deeply"),
        ("my.json", b'{"title": ', "is not valid JSON: "),
        ("my.json", b"[" * 100_000, "is nested too deeply"),
        ("my.json", b'{"title": "Mine", "frames": {"a": {}, "a": {}}}', "is not valid JSON: the entry 'a' stands twice"),
        ("my.toml", b'title = "caf\xe9"', "is not UTF-8 text (byte 12)"),
        ("my.toml", b"", "needs a 'title', a line of text"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_a_file_that_holds_no_codebook_is_refused(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CodebookError) as refused:
        load_codebook(tmp_path / name)
    assert str(refused.value).startswith(f"{tmp_path / name}: {problem}")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CodebookError) as refused:
        load_codebook(tmp_path / "missing.toml")
    assert str(refused.value) == f"{tmp_path}/missing.toml: cannot be read (No such file or directory)"
    with pytest.raises(CodebookError) as refused:
        load_codebook(tmp_path)
    assert str(refused.value) == f"{tmp_path}: cannot be read (Is a directory)"


# Any content at all

KEYS = st.sampled_from(["title", "frames", "definition", "includes", "examples", "a", "b"]) | st.text(max_size=5) | st.integers()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
FRAMES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.dictionaries(
        st.sampled_from(["title", "definition", "includes", "examples"]), st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2)
    ),
)


@settings(deadline=None)
@given(st.one_of(ANYTHING, st.fixed_dictionaries({"title": st.text(max_size=5), "frames": FRAMES | ANYTHING})))
def test_any_values_give_a_codebook_or_a_codebook_error(content: object) -> None:
    with contextlib.suppress(CodebookError):
        codebook = parse_codebook(content, "any")
        assert parse_codebook(codebook.as_dict(), "again") == codebook
        assert len(codebook.digest) == 64


@settings(deadline=None)
@given(
    st.sampled_from([".toml", ".json"]),
    st.binary(max_size=60) | st.text(st.sampled_from('title="[].{}:frames\n1'), max_size=60).map(str.encode),
)
def test_any_bytes_give_a_codebook_or_a_codebook_error(tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    with pytest.raises(CodebookError):
        load_codebook(path)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10).filter(str.strip)
LISTS = st.lists(TEXTS, max_size=2).map(tuple)


@settings(deadline=None)
@given(
    TEXTS,
    st.lists(
        st.builds(Frame, st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), TEXTS, TEXTS, LISTS, LISTS, LISTS),
        min_size=1,
        max_size=4,
        unique_by=lambda frame: frame.name,
    ).map(tuple),
)
def test_any_codebook_that_is_written_as_json_is_read_again_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, title: str, frames: tuple[Frame, ...]
) -> None:
    codebook = Codebook(title, frames)
    path = tmp_path_factory.getbasetemp() / "again.json"
    path.write_text(json.dumps(codebook.as_dict()))
    assert load_codebook(path) == codebook
