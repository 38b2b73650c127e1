"""An answer as lines for a terminal: the profile, then each passage with its frames and the sentences that carry them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

from framing.prediction import DocumentAnswer, FrameAnswer, PassageAnswer, ProfileEntry

_COLORS = ("cyan", "magenta", "green", "blue", "yellow", "red")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_BLANKS = str.maketrans("\t\v\f\r", "    ")
_NARROWEST = 20


class _Mark(NamedTuple):
    """A stretch of a passage's text, in characters from its start, that is shown in a colour."""

    start: int
    end: int
    color: str


def document_lines(answer: DocumentAnswer, width: int, color: bool) -> Iterator[str]:
    """The lines of a whole answer, wrapped at `width` columns.

    Each frame has its colour, and evidence has the colour of its frame; without `color` it stands between >> and <<.
    """
    lines = _styled_lines(answer, max(width, _NARROWEST), color)
    return lines if color else map(click.unstyle, lines)


def _styled_lines(answer: DocumentAnswer, width: int, color: bool) -> Iterator[str]:
    colors = {entry.frame: _COLORS[place % len(_COLORS)] for place, entry in enumerate(answer.profile)}
    if len(answer.left_out) == len(answer.passages):
        yield "Nothing in this text was scored: every passage was left out."
    else:
        yield from _profile_lines(answer.profile, colors)
    for passage in answer.passages:
        yield ""
        yield from _left_out_lines(passage, width) if passage.left_out else _passage_lines(passage, colors, width, color)


def _profile_lines(profile: Sequence[ProfileEntry], colors: dict[str, str]) -> Iterator[str]:
    widest = max(len(entry.frame) for entry in profile)
    for entry in profile:
        name = click.style(entry.frame.ljust(widest), fg=colors[entry.frame], bold=entry.present > 0)
        unsure = f", {_share(entry.unsure)} unsure" if entry.unsure else ""
        yield f"{name} {_share(entry.present):>5} of the text{unsure}"


def _left_out_lines(passage: PassageAnswer, width: int) -> Iterator[str]:
    line = textwrap.shorten(f"(left out: {passage.left_out}) {visible(passage.text)}", width, placeholder=" ...")
    yield click.style(line, dim=True)


def _passage_lines(passage: PassageAnswer, colors: dict[str, str], width: int, color: bool) -> Iterator[str]:
    found = [_frame(answer, colors) for answer in passage.frames if answer.decision != "absent"]
    yield from _joined(found or [click.style("no frame", dim=True)], width)
    for line in textwrap.wrap(f"Warning: {'; '.join(passage.warnings)}", width) if passage.warnings else ():
        yield click.style(line, fg="yellow")
    text, marks = visible(passage.text), _marks(passage, colors)
    if not color:
        text, marks = _arrows(text, marks), []
    yield from _painted(text, marks, width)


def _frame(answer: FrameAnswer, colors: dict[str, str]) -> str:
    """Name and probability, which is never shown as 0.00 or 1.00: no model knows that much."""
    surely = answer.decision == "present"
    name = click.style(answer.frame, fg=colors[answer.frame], bold=surely)
    return f"{name} {min(max(answer.probability, 0.01), 0.99):.2f}{'' if surely else ' unsure'}"


def _joined(pieces: Sequence[str], width: int) -> Iterator[str]:
    line = pieces[0]
    for piece in pieces[1:]:
        if len(click.unstyle(f"{line}, {piece},")) > width:
            yield f"{line},"
            line = piece
        else:
            line = f"{line}, {piece}"
    yield line


def _share(value: float) -> str:
    shown = f"{value:.0%}"
    return "<1%" if value and shown == "0%" else shown


def visible(text: str) -> str:
    """The text at the same length without characters that command a terminal; line feeds stay."""
    return _CONTROL.sub("\ufffd", text.translate(_BLANKS))


def one_line(text: str) -> str:
    """The same on one line."""
    return visible(text).replace("\n", " ")


def _marks(passage: PassageAnswer, colors: dict[str, str]) -> list[_Mark]:
    """The evidence in the order of the text; a sentence that carries several frames has the colour of the most probable."""
    evidence = [(piece.probability, answer.frame, piece) for answer in passage.frames for piece in answer.evidence]
    strongest = {(piece.start, piece.end): colors[frame] for _, frame, piece in sorted(evidence, key=lambda found: found[0])}
    return sorted(_Mark(start - passage.start, end - passage.start, color) for (start, end), color in strongest.items())


def _arrows(text: str, marks: Sequence[_Mark]) -> str:
    for mark in reversed(marks):
        text = f"{text[: mark.start]}>>{text[mark.start : mark.end]}<<{text[mark.end :]}"
    return text


def _painted(text: str, marks: Sequence[_Mark], width: int) -> Iterator[str]:
    for start, end in _line_ranges(text, width):
        line, done = "", start
        for mark in marks:
            left, right = max(mark.start, done), min(mark.end, end)
            if left < right:
                line += text[done:left] + click.style(text[left:right], fg=mark.color, bold=True)
                done = right
        yield line + text[done:end]


def _line_ranges(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Start and end of each line when `text` is broken where it breaks itself, and before words that pass `width`."""
    start = end = 0
    for word in re.finditer(r"\S+", text):
        if end and ("\n" in text[end : word.start()] or word.end() - start > width):
            yield start, end
            start = word.start()
        elif not end:
            start = word.start()
        end = word.end()
    if end:
        yield start, end
