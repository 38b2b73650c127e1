"""Text to passages to sentences, with exact character offsets; the text itself is never altered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from sentencex import get_sentence_boundaries

from framing.errors import TextError
from framing.furniture import reasons_left_out
from framing.language import language_of

__all__ = ["Passage", "Span", "Split", "language_of", "split_passages", "split_sentences"]

Split = Literal["none", "paragraph", "sentence"]

_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_INVISIBLE = "\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_BLANK = _SPACE + _INVISIBLE
# One character for one, so that offsets hold; lone surrogates cannot be handed to the splitter.
_FOR_SPLITTER = dict.fromkeys(map(ord, _BLANK), " ") | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

_WRAP_WIDTHS = range(40, 121)
"""Lengths, in characters, that the longest line of hard-wrapped text may have."""
_FULL = 0.85
"""A wrapped line with the next line's first word fills at least this share of the width."""
_WINDOW = 1000
"""Characters the sentence splitter sees at once: its time grows with the square of them."""

_LINE = re.compile(rf"([{_BLANK}]*+)([^\n\v\f\r\x1c-\x1e\x85\u2028\u2029]*+)")
_BULLET = re.compile(r"(?:[-*•–—·▪‣>#]|\d{1,3}[.)])\s")
_TERMINAL = re.compile(r"[.!?:…。！？।؟][)\]\"'”’»“]*$")
_FIRST_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\S+")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document: `text` is the document's `[start:end]`, counted in characters."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is labelled as a whole; `left_out` says why it should not be, or is None."""

    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]
    left_out: str | None


def split_passages(text: str, split: Split = "paragraph", language: str | None = None, sentences: bool = True) -> tuple[Passage, ...]:
    """Cut a document into passages: one for each paragraph or sentence, or (`none`) one for the whole, which is never left out.

    Its `language` is found out unless given. Without `sentences` passages come without theirs, but for those that are sentences, and
    sooner. Raises TextError for text that holds nothing but white space, and for an unknown `split`.
    """
    if split not in get_args(Split):
        raise TextError(f"unknown split '{split}'; accepted are {', '.join(get_args(Split))}")
    paragraphs = _paragraphs(text, 0, len(text))
    if not paragraphs:
        raise TextError("the text is empty: it holds nothing but white space")
    language = language or language_of(text)
    wanted = sentences or split == "sentence"
    found = [_sentences(text, start, end, language) if wanted else () for start, end in paragraphs]
    if split == "none":
        start, end = paragraphs[0][0], paragraphs[-1][1]
        return (Passage(start, end, text[start:end], tuple(sentence for each in found for sentence in each), None),)
    reasons = reasons_left_out([text[start:end] for start, end in paragraphs])
    if split == "sentence":
        return tuple(Passage(s.start, s.end, s.text, (s,), reason) for each, reason in zip(found, reasons, strict=True) for s in each)
    return tuple(
        Passage(start, end, text[start:end], each, reason) for (start, end), each, reason in zip(paragraphs, found, reasons, strict=True)
    )


def split_sentences(text: str, start: int = 0, end: int | None = None, language: str | None = None) -> tuple[Span, ...]:
    """The sentences of `text[start:end]` in order, with offsets in `text`; a sentence ends with its paragraph at the latest.

    They hold every visible character, none is blank, and a stretch of 1,000 characters that no sentence ends in is cut. The language is
    found out unless given.
    """
    start, end, _ = slice(start, end).indices(len(text))
    language = language or language_of(text[start:end])
    return tuple(sentence for a, b in _paragraphs(text, start, end) for sentence in _sentences(text, a, b, language))


def _trim(text: str, start: int, end: int) -> Range:
    body = text[start:end]
    first = start + len(body) - len(body.lstrip(_BLANK))
    return first, max(first, start + len(body.rstrip(_BLANK)))


# --- paragraphs ---


def _paragraphs(text: str, start: int, end: int) -> list[Range]:
    """Every line that is not blank, but the lines of hard-wrapped blocks taken together."""
    blocks = list(_blocks(text, start, end))
    # The longest block tells the width best: one overlong line, a web address say, misleads a short one.
    widths = [(len(block), width) for block in blocks if (width := _wrap_width(text, block))]
    _, width = max(widths, default=(0, 0))
    paragraphs: list[Range] = []
    for block in blocks:
        previous: Range | None = None
        for line in block:
            if previous and _is_wrapped(text, previous, line, width):
                paragraphs[-1] = (paragraphs[-1][0], line[1])
            else:
                paragraphs.append(line)
            previous = line
    return paragraphs


def _blocks(text: str, start: int, end: int) -> Iterator[list[Range]]:
    """Lines, trimmed, in groups that blank lines separate."""
    block: list[Range] = []
    for found in _LINE.finditer(text, start, end):
        blank, line = found.groups()
        if block and len(f"{blank}.".splitlines()) > 2:
            yield block
            block = []
        if line:
            block.append((found.start(2), found.start(2) + len(line.rstrip(_BLANK))))
    if block:
        yield block


def _wrap_width(text: str, block: list[Range]) -> int:
    """Length of the longest line if the block shows by itself that it is hard-wrapped, else 0."""
    width = max(end - start for start, end in block)
    if len(block) < 2 or width not in _WRAP_WIDTHS:
        return 0
    breaks = list(zip(block, block[1:], strict=False))
    full = sum(_is_wrapped(text, *pair, width) for pair in breaks)
    running = sum(_runs_on(text, *pair) for pair in breaks)
    return width if 4 * full >= 3 * len(breaks) and 3 * running >= len(breaks) else 0


def _is_wrapped(text: str, line: Range, following: Range, width: int) -> bool:
    """Whether a line ends where it does because the next word would not have fitted."""
    length = line[1] - line[0]
    if max(length, following[1] - following[0]) > width / _FULL or _BULLET.match(text, *following):
        return False
    word = _FIRST_WORD.match(text, *following)
    return word is not None and length + 1 + len(word[0]) > _FULL * width


def _runs_on(text: str, line: Range, following: Range) -> bool:
    """Whether a line breaks off in the middle of a sentence."""
    first = text[following[0]]
    return first.isalpha() and not first.isupper() and not _TERMINAL.search(text[max(line[0], line[1] - 5) : line[1]])


# --- sentences ---


_CLOSING = r"[”\"’'»“›]"
_SAID = (
    r"(?:sa(?:id|ys)|ask(?:ed|s)|told|tells|add(?:ed|s)|repl(?:ied|ies)|answered|wrote|writes|declared|stressed|noted|insisted|warned"
    r"|argued|shouted|exclaimed|explained|continued|concluded|joked|admitted|wondered|demanded)\b"
)
_NAME = r"(?:[A-Z][\w.'’-]*\s){1,4}"
_SMALL = r"[a-zà-öø-ÿа-яёіїєґ]"
# What the splitter takes for two sentences and is one: how the first ends, and how the second begins.
_JOINS = (
    (rf"[.!?…,]{_CLOSING}+", rf"[—–-]?\s*{_SMALL}"),  # “Peace?” he asked
    (rf"[!?]{_CLOSING}+", _NAME + _SAID),  # “Peace?” President Xi asked
    (rf"[.…]{_CLOSING}+", _NAME + _SAID + r"\.?$"),  # “Peace.” Xi said.
    (r"[。！？][」』”]", r"[他她]们?(?:说|問|问|道|表示|强调|称)|と(?:言|述べ|話|語|い)"),
    (r"[!?]|\.\.\.|…", _SMALL),  # He asked why? and left.
    (r"\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Maj|Adm|Rev|Hon|St|Ste|vs|e\.g|i\.e|cf|bzw|г-н|т\.е)\.", ""),
    (r"\bMM?\.", r"[A-ZÀ-Þ][a-zà-ÿ]"),  # M. Macron
    (r"\b(?:Nos?|Nr|Art|Figs?|Secs?|Ch|pp?|Vol|approx|ca|c|ст|стр|№)\.", r"[\d§$€£]"),
    (r"\b(?:[Dd]e[mnrs]|[Ii]m)\s\d{1,2}\.", r"[A-ZÄÖÜ]"),  # des 75. Jahrestags
    (r"\b(?:[Aa][bm]|[Bb]is|[Ss]eit|[Vv]om|[Zz]um|und)\s\d{1,2}\.", r"(?:Jan|Jän|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jh|Jahr)"),
    (r"\b[ap]\.m\.", r"(?:[A-Z]\w+\s){0,2}(?:[Tt]ime|GMT|UTC|[ECMP][SD]?T|[BI]ST|MSK)\b"),
    (r"\A\W{0,2}(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.)]", ""),  # 1. First
    ("", r"[)\]”\"’'»›.,;:!?…\s]+$"),  # a closing mark left alone
)
_TAIL, _HEAD = 12, 80
"""Characters that `_JOINS` look at, before and after."""
_JOIN = re.compile(rf"(?s:.{{0,{_TAIL}}}?)(?:" + "|".join(f"(?:{ending})\0(?:{beginning})" for ending, beginning in _JOINS) + ")")
_LEFT_OPEN = re.compile(r"\s([“„«‘\"(\[¿¡]+)$")
_LAST_STOP = re.compile(r".*[.!?…。！？।؟][)\]\"'”’»]*\s", re.DOTALL)
_LAST_SPACE = re.compile(r".*\s", re.DOTALL)


def _sentences(text: str, start: int, end: int, language: str) -> tuple[Span, ...]:
    """Sentences of one paragraph: the splitter's, repaired."""
    ranges: list[Range] = []
    for first, last in _pieces(text, start, end, language):
        if ranges and _belong_together(text, ranges[-1], (first, last)):
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return tuple(Span(first, last, text[first:last]) for first, last in ranges)


def _pieces(text: str, start: int, end: int, language: str) -> Iterator[Range]:
    """The splitter's sentences, trimmed, and an opening quotation mark with the sentence that it opens."""
    first = start
    for boundary in _boundaries(text[start:end].translate(_FOR_SPLITTER), language):
        last = start + boundary
        open_mark = _LEFT_OPEN.search(text, max(first, last - 5), last) if last < end else None
        if open_mark:
            last = open_mark.start(1)
        piece = _trim(text, first, last)
        if piece[0] < piece[1]:
            yield piece
        first = last


def _boundaries(plain: str, language: str) -> Iterator[int]:
    """Where the sentences of a paragraph end, found window by window so that the time stays linear."""
    start = 0
    while start < len(plain):
        window = plain[start : start + _WINDOW]
        ends = [int(sentence["end_index"]) for sentence in get_sentence_boundaries(language, window)]
        if start + len(window) == len(plain):
            yield from (start + end for end in ends[:-1])
            yield len(plain)
            return
        # The window may cut its last sentence short: the next window starts with that sentence.
        ends = ends[:-1] or [_forced_end(window)]
        yield from (start + end for end in ends)
        start += ends[-1]


def _forced_end(window: str) -> int:
    found = _LAST_STOP.match(window) or _LAST_SPACE.match(window)
    return found.end() if found else len(window)


def _belong_together(text: str, one: Range, other: Range) -> bool:
    tail = text[max(one[0], one[1] - _TAIL) : one[1]]
    head = text[other[0] : min(other[1], other[0] + _HEAD)]
    return _JOIN.match(f"{tail}\0{head}") is not None
