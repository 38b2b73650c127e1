"""Which paragraphs of a web page are furniture around the article, and why; in doubt a paragraph is the article's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from framing.furniture_rules import RULES, Rule

MAX_LENGTH = 600
"""Furniture is short: a longer paragraph, in characters, is never left out."""

_CASED_RULES = tuple(rule for rule in RULES if rule.cased)
_ANY_RULE = re.compile("|".join(rule.pattern.pattern for rule in RULES if not rule.cased))
_REPORT = re.compile(
    r"[\"“”«»„]|\b(?:said|says|told|tells|asked|warned|announced|reported|argued|accused"
    r"|urges|tells|warns|vows|jokes|insists|according to|sagte|a déclaré|dijo|заявил)\b"
)
_DECORATION = " \t*#•·>»›→▶►▸|[]()-–—_=~:!…"
_STRAIGHT = str.maketrans("’‘", "''", "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_ENDS_AS_PROSE = re.compile(r"(?:.{40,}(?<!\.)\.|.*[。।۔])[)\]\"'”»]*", re.DOTALL)

_SITE_NAME = re.compile(
    r"(?!(?:bad|good|fake|big|hard|old|new|tough|end)\b)"
    r"(?:news \w.*|.*\b(?:news|times|herald|tribune|gazette|daily|studio|magazine|chronicle|telegraph)|[\w-]+\.(?:com|org|net|info))"
)
_SLOGAN = re.compile(r".*\b(?:truth|facts?|news|trust(?:ed)?|fearless|independent|unbiased|honest|voice|journalism|stories|first)\b.*")
_WORD = re.compile(r"[^\W_]+")
_SLUG = re.compile(r"[a-z]+(?: [a-z]+){1,5}")


def reasons_left_out(paragraphs: Sequence[str]) -> list[str | None]:
    """For each paragraph of a document, in order: why it is not the article's own text, as a short phrase, or None if it is."""
    lines = [_plain(paragraph) for paragraph in paragraphs]
    prose = [_is_prose(line) for line in lines]
    rules = _matching_rules(lines, prose)
    reasons = [rule.reason if rule else None for rule in rules]
    in_context = (
        ("link to another article", _listed(rules, prose)),
        ("site name or slogan", _site_names(lines, reasons)),
        ("image file or markup", _image_slugs(lines, reasons)),
    )
    for reason, indices in in_context:
        for index in indices:
            reasons[index] = reasons[index] or reason
    return reasons


def _plain(paragraph: str) -> str:
    if len(paragraph) > MAX_LENGTH:
        return paragraph
    return " ".join(paragraph.translate(_STRAIGHT).split()).strip(_DECORATION).removesuffix("...")


def _is_prose(line: str) -> bool:
    return len(line) > 200 or _ENDS_AS_PROSE.fullmatch(line) is not None


def _matching_rules(lines: Sequence[str], prose: Sequence[bool]) -> list[Rule | None]:
    above_prose = True
    rules: list[Rule | None] = []
    for index, line in enumerate(lines):
        rules.append(_matching_rule(line, index, above_prose))
        above_prose = above_prose and (rules[-1] is not None or not prose[index])
    return rules


def _matching_rule(line: str, index: int, above_prose: bool) -> Rule | None:
    if len(line) > MAX_LENGTH:
        return None
    places = {"anywhere": True, "below the headline": index > 0, "above the prose": index > 0 and above_prose}
    small = line.lower()
    reports = _REPORT.search(small) is not None
    for rule in RULES if _ANY_RULE.fullmatch(small) else _CASED_RULES:
        if places[rule.place] and (rule.prose_may_match or not reports) and rule.pattern.fullmatch(line if rule.cased else small):
            return rule
    return None


def _listed(rules: Sequence[Rule | None], prose: Sequence[bool]) -> list[int]:
    """Short paragraphs under a heading such as "Related articles"; one right above prose may be a subhead and is not taken."""
    listed: list[int] = []
    seen_prose = in_list = False
    for index, rule in enumerate(rules):
        if rule is not None:
            in_list = in_list or (rule.opens_list and seen_prose)
        elif not prose[index]:
            listed += [index] if in_list else []
        else:
            if in_list and listed and listed[-1] == index - 1:
                listed.pop()
            seen_prose, in_list = True, False
    return listed


def _site_names(lines: Sequence[str], reasons: Sequence[str | None]) -> list[int]:
    """The first paragraph if it names a site, and a slogan under it: their words do not come back, a headline's words do."""
    if len(lines) < 3 or reasons[0] or not _may_be_name(lines[0], _SITE_NAME):
        return []
    found = [0, 1] if _may_be_name(lines[1], _SLOGAN) else [0]
    below = lines[len(found) :]
    if len(below[0].split()) <= 4:
        return []  # no headline follows: the line may be the headline
    known = set(_words(below))
    return [index for index in found if not any(len(word) > 3 and word in known for word in _words([lines[index]]))]


def _may_be_name(line: str, pattern: re.Pattern[str]) -> bool:
    return 0 < len(line.split()) <= 4 and pattern.fullmatch(line.lower()) is not None


def _words(lines: Iterable[str]) -> list[str]:
    return [word.lower() for line in lines for word in _WORD.findall(line)]


def _image_slugs(lines: Sequence[str], reasons: Sequence[str | None]) -> list[int]:
    """Names in small letters, as in `xi jinping putin` under a picture: everywhere else these words have capitals."""
    slugs = {index for index, line in enumerate(lines) if index and not reasons[index] and _SLUG.fullmatch(line)}
    if not slugs:
        return []
    others = {word for index, line in enumerate(lines) if index not in slugs for word in _WORD.findall(line)}
    return [index for index in slugs if all(word.capitalize() in others and word not in others for word in lines[index].split())]
