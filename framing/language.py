"""Which language a text is written in: its script decides where it can, a statistical identifier where it must."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from framing.errors import FramingError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE = 2000
"""Characters looked at; more make the answer slower, not better."""
MIN_WORDS = 4
"""Words a Latin-script text needs before it may by itself count as anything but English."""
PLAIN_WORDS, PLAIN_SHARE = 3, 0.1
"""How many common English words a Latin-script text needs, and of all its words, with no common one of another language beside them, to be
plain English: the identifier, which takes far longer, is not asked then."""
UNLIKELY = 0.1
"""Probability, among the languages of its script, below which a text is not in the script's default language."""
CLEAR = 0.5
"""Probability, among the languages of its script, that another language needs to be named instead."""


@dataclass(frozen=True, slots=True)
class _Script:
    """A script by its letters, as the inside of a regular expression's character class, and the languages written in it."""

    letters: str
    default: str
    others: str = ""


# Latin lists the languages of news sites, not every language: rarer ones mostly win on English full of foreign names.
_LATIN = _Script(
    r"A-Za-z\u00c0-\u024f\u1e00-\u1eff",
    "en",
    "az bs ca cs cy da de es et eu fi fr ga gl hr ht hu id is it lt lv ms mt nl no pl pt ro sk sl sq sv sw tl tr uz vi",
)
_HAN = _Script(r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", "zh")
_KANA = _Script(r"\u3041-\u30fa\u30fd-\u30ff\uff66-\uff9f", "ja")
_SCRIPTS = (
    _LATIN,
    _HAN,
    _KANA,
    _Script(r"\u0370-\u03ff\u1f00-\u1fff", "el"),
    _Script(r"\u0400-\u052f", "ru", "uk be bg sr mk kk ky mn tg tt"),
    _Script(r"\u0530-\u058f", "hy"),
    _Script(r"\u0590-\u05ff", "he"),
    _Script(r"\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc", "ar", "fa ur ps ug"),
    _Script(r"\u0900-\u097f", "hi", "mr ne"),
    _Script(r"\u0980-\u09ff", "bn", "as"),
    _Script(r"\u0a00-\u0a7f", "pa"),
    _Script(r"\u0a80-\u0aff", "gu"),
    _Script(r"\u0b80-\u0bff", "ta"),
    _Script(r"\u0c00-\u0c7f", "te"),
    _Script(r"\u0c80-\u0cff", "kn"),
    _Script(r"\u0d00-\u0d7f", "ml"),
    _Script(r"\u0d80-\u0dff", "si"),
    _Script(r"\u0e00-\u0e7f", "th"),
    _Script(r"\u0e80-\u0eff", "lo"),
    _Script(r"\u1000-\u109f", "my"),
    _Script(r"\u10a0-\u10ff", "ka"),
    _Script(r"\u1200-\u137f", "am"),
    _Script(r"\u1780-\u17ff", "km"),
    _Script(r"\u1100-\u11ff\uac00-\ud7a3", "ko"),
)
_LETTERS = tuple((script, re.compile(f"[{script.letters}]")) for script in _SCRIPTS)
_WORD = re.compile(r"[^\W\d_]{2,}")
_ENGLISH_WORDS = frozenset("the and that with from which this their its they would said been were".split())  # noqa: SIM905
# Without these the others of _LATIN say little, whatever English titles they quote. What has one is asked about, English or not.
_OTHER_WORDS = {
    "az": "və bu üçün", "bs": "je se na", "ca": "els amb dels una", "cs": "že se na je", "cy": "yn mae yr", "da": "og det ikke",
    "de": "der die das und", "es": "el los las del una", "et": "ja ei", "eu": "eta da dira", "fi": "ja ei oli", "fr": "le les des du est",
    "ga": "agus na bhí", "gl": "unha dos coa", "hr": "je se na", "ht": "nan pou ak", "hu": "az egy és nem", "id": "yang dan untuk",
    "is": "og að ekki", "it": "il gli di della che", "lt": "ir kad buvo", "lv": "un ir kas", "ms": "yang dan untuk", "mt": "ta huwa li",
    "nl": "het een van en", "no": "og det ikke", "pl": "się nie jest na", "pt": "os uma não em", "ro": "și din este pe",
    "sk": "sa že nie je", "sl": "je se na", "sq": "dhe një që", "sv": "och att det", "sw": "na ya wa", "tl": "ng mga sa",
    "tr": "bir bu için", "uz": "va bilan uchun", "vi": "và của là",
}  # fmt: skip
_NOT_ENGLISH = frozenset(word for words in _OTHER_WORDS.values() for word in words.split())
_ASCII = re.compile(r"[\x00-\x7f]+")
_loading = Lock()


def language_of(text: str, document: str | None = None) -> str:
    """ISO 639-1 code of the text's language; "en" for Latin script that is short or uncertain, and for text without letters.

    Of a part of a document in the language `document`, if that is of Latin script too, what is short or not clearly English is in that
    language: a headline of five words tells little by itself.
    """
    sample = text.lstrip()[:SAMPLE]
    script = _script_of(sample)
    around = document if document and script is _LATIN and document in _LATIN.others.split() else script.default
    if not script.others:
        return script.default
    if script is _LATIN:
        words = [word.lower() for word in _WORD.findall(sample)]
        if len(words) < MIN_WORDS:
            return around
        if _plain_english(words):
            return script.default
    return _most_likely(sample, script, around)


def _script_of(sample: str) -> _Script:
    beyond = _ASCII.sub("", sample)
    if not beyond:
        return _LATIN
    # Latin alone has letters in ASCII, and most texts have little else.
    counts = {script: len(letters.findall(sample if script is _LATIN else beyond)) for script, letters in _LETTERS}
    han, kana = counts[_HAN], counts[_KANA]
    if 10 * kana > han:
        # Japanese mixes kana and Chinese characters, so both count for it.
        counts[_KANA], counts[_HAN] = han + kana, 0
    return max(_SCRIPTS, key=lambda script: counts[script])


def _plain_english(words: Sequence[str]) -> bool:
    common = sum(word in _ENGLISH_WORDS for word in words)
    return common >= max(PLAIN_WORDS, PLAIN_SHARE * len(words)) and _NOT_ENGLISH.isdisjoint(words)


def _most_likely(sample: str, script: _Script, around: str) -> str:
    # a name in other letters would speak for a language that is written in both
    scores = dict(load_identifier().rank(_beyond(script).sub(" ", sample)))
    likely = _share(scores, (script.default, *script.others.split()))
    best = max(likely, key=lambda language: likely[language])
    if likely[script.default] < UNLIKELY and likely[best] > CLEAR:
        return best
    return around if _share(scores, (script.default, around))[around] > CLEAR else script.default


@cache
def _beyond(script: _Script) -> re.Pattern[str]:
    """Runs of letters of every other script."""
    return re.compile(f"[{''.join(other.letters for other in _SCRIPTS if other is not script)}]+")


def _share(scores: dict[str, float], languages: Iterable[str]) -> dict[str, float]:
    kept = {language: scores.get(language, 0.0) for language in languages}
    total = sum(kept.values()) or 1.0
    return {language: score / total for language, score in kept.items()}


def load_identifier() -> LanguageIdentifier:
    """The statistical identifier, loaded the first time, which takes about half a second. Raises FramingError where that cannot be done."""
    with _loading:
        return _load_identifier()


@cache
def _load_identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # not every script needs it

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # it is unpacked to a temporary file
        raise FramingError(f"the language identifier needs 70 MB of temporary room ({error}); TMPDIR names a folder with it") from error
