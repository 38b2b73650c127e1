"""Text to passages to sentences: what becomes one, and that every offset holds."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framing.errors import TextError
from framing.text import _BLANK, _INVISIBLE, Passage, Span, split_passages, split_sentences

ARTICLES = Path(__file__).parent.parent.parent / "shared" / "articles"
SPLITS = ("none", "paragraph", "sentence")


def paragraphs(text: str) -> list[str]:
    return [passage.text for passage in split_passages(text)]


def sentences(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


# --- paragraphs ---


def test_every_line_that_is_not_empty_is_a_paragraph():
    text = "Putin meets Xi\n\nThe two met on Monday.\nThey met again on Tuesday.\n \t\n\nNo date was set.\n"
    assert paragraphs(text) == ["Putin meets Xi", "The two met on Monday.", "They met again on Tuesday.", "No date was set."]


def test_a_subhead_is_its_own_passage():
    long_paragraph = "Jinping, who reached the Kremlin, had said before the meeting that the purpose of his visit was to end the war. " * 3
    assert paragraphs(f"Jinping wants to end the war\n{long_paragraph}")[0] == "Jinping wants to end the war"


@pytest.mark.parametrize(
    "line_break", ["\n", "\r\n", "\r", "\n\n", "\u2028", "\u2029", "\x85", "\f", "\v", "\r\n\r\n", " \xa0\n\ufeff\n\u200b"]
)
def test_every_kind_of_line_break_ends_a_paragraph(line_break):
    assert paragraphs(f"First line.{line_break}Second line.") == ["First line.", "Second line."]


@pytest.mark.parametrize("margin", [" ", "\t", "\xa0", "\u3000", "\ufeff", "\u200b", "\u2060", "\u200f", "\n\ufeff \n"])
def test_white_space_and_invisible_characters_around_a_passage_are_not_part_of_it(margin):
    text = f"{margin}Xi\xa0met\u200bPutin.{margin}"
    (passage,) = split_passages(text)
    assert passage.text == "Xi\xa0met\u200bPutin."
    assert passage.start == len(margin)


def test_every_white_space_character_counts_as_blank():
    spaces = {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()}
    assert set(_BLANK) == spaces | set(_INVISIBLE)


WRAPPED = """\
Chinese President Xi Jinping met his Russian counterpart Vladimir
Putin in the Kremlin on Monday evening. The two spoke for more
than four hours, and a formal round of talks will follow on
Tuesday.

Beijing has published a position paper of twelve points on the
crisis, which Kyiv has read with interest.
"""


def test_the_lines_of_a_hard_wrapped_block_are_one_paragraph():
    first, second = split_passages(WRAPPED)
    assert first.text == WRAPPED[: WRAPPED.index("\n\n")]
    assert second.text.startswith("Beijing")
    assert second.text.endswith("interest.")
    assert [sentence.text.split()[0] for sentence in first.sentences] == ["Chinese", "The"]


@pytest.mark.parametrize("split", ["none", "paragraph", "sentence"])
def test_without_sentences_the_passages_are_the_same(split):
    bare, whole = split_passages(WRAPPED, split, sentences=False), split_passages(WRAPPED, split)
    assert [replace(passage, sentences=()) for passage in bare] == [replace(passage, sentences=()) for passage in whole]
    assert [len(passage.sentences) for passage in bare] == [int(split == "sentence") for _ in bare]


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_hard_wrapped_text_keeps_its_headline_subhead_and_list_lines_apart(line_break):
    text = f"Xi in Moscow\n\n{WRAPPED}\nWhat comes next\n{WRAPPED}\nOn the table:\n- a ceasefire\n- a gas pipeline from Siberia\n"
    found = paragraphs(text.replace("\n", line_break))
    assert found[0] == "Xi in Moscow"
    assert found[3] == "What comes next"
    assert found[-3:] == ["On the table:", "- a ceasefire", "- a gas pipeline from Siberia"]
    assert len(found) == 9


@pytest.mark.parametrize(
    "lines",
    [
        [
            "Xi Jinping and Vladimir Putin meet in Moscow for talks on peace",
            "Chinese leader begins his first state visit since re-election",
        ],
        [
            "Beijing has denied that it would send any weapons to the front.",
            "Washington said that it had seen no proof of it so far either.",
        ],
        ["Kyiv", "Minsk", "Baku"],
        ["energy", "trade", "peace"],
        ["Uranium for Rosatom, the door for France", "Lagos commuters walk to work as petrol subsidy ends", "Rabat backs gas line"],
    ],
)
def test_neighbouring_lines_that_were_not_wrapped_stay_apart(lines):
    assert paragraphs("\n".join(lines)) == lines


# --- sentences ---


@pytest.mark.parametrize(
    "expected",
    [
        ["He met Putin.", "They spoke for an hour!", "Was it enough?", "No… perhaps not."],
        ["Mr. Xi and Gen. Li met Dr. No on Jan. 5 in St. Petersburg.", "Point No. 5 was approx. 3 pages long."],
        ["The U.S. Army left.", "The U.N. and the U.S. National Security Council agreed.", "J. D. Vance and George W. Bush did not."],
        ["The price rose by 12.8 per cent to $3.50.", "Then it fell."],
        ["It began at 5 p.m. Moscow time.", "It ended at 7 p.m. on Monday."],
        ["“We are ready to talk.” he said.", "Then he left."],
        ["“Are we ready?” asked Xi.", "“Peace now?” President Xi asked.", "“No!” said Mr. Putin."],
        ["“It is time.” Lavrov said.", "“It is over.”", "The Kremlin agreed."],
        ["“Who will go?”", "The Kremlin did not say."],
        ['He calls him a "dear friend."', "They met again."],
        ["He said: “Russia is open to talks.”", "Kyiv is not."],
        ["Xi said.", "“The greater the difficulty, the better,” he said."],
        ["“Russia will hold elections next year.", "Under your leadership it has made strides.", "He praised Putin."],  # never closed
        ["1. Peace first.", "2. Gas second."],
        ["M. Macron a parlé.", "Il est parti hier soir avec ses ministres pour la Chine."],
        ["«Мы готовы», — сказал он.", "«Да!» — ответил министр.", "В. В. Путин приехал в Пекин."],
        ["Am 5. Mai kam Dr. Müller nach Berlin und sprach mit dem Kanzler.", "Das war z. B. gut für die Wirtschaft."],
        ["Sie gilt vom 3. Mai bis zum 31. Dezember.", "Im 20. und 21. Jahrhundert gab es in der 88. Minute 17.", "Es war das letzte."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(expected):
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["他说：“我们准备好了。”", "然后他离开了。", "好！"],
        ["これは「平和です。」と言った。", "はい。"],
        ["He left.", "She came.", "They met."],
        ["É sim.", "Não é.", "中国人。", "再见！"],
    ],
)
def test_sentences_need_no_space_between_them(expected):
    assert sentences("".join(expected)) == expected


def test_offsets_count_characters_not_bytes():
    text = "😀 Müller é 中国. Then he left."
    assert split_sentences(text) == (Span(0, 14, "😀 Müller é 中国."), Span(15, 28, "Then he left."))


def test_a_part_of_a_text_is_split_with_offsets_in_the_whole():
    text = "Not this. But this. And that. Not this."
    assert split_sentences(text, 10, 29) == (Span(10, 19, "But this."), Span(20, 29, "And that."))
    assert split_sentences(text, 9, 10) == ()


def test_a_sentence_ends_with_its_line():
    assert sentences("Putin meets Xi\nThey talked. And left") == ["Putin meets Xi", "They talked.", "And left"]


# --- the three splits ---

PAGE = "Putin meets Xi\n\nThey talked. Xi left.\n\nLeave a Reply\n\n"


def test_split_paragraph_marks_furniture():
    assert split_passages(PAGE) == (
        Passage(0, 14, "Putin meets Xi", (Span(0, 14, "Putin meets Xi"),), None),
        Passage(16, 37, "They talked. Xi left.", (Span(16, 28, "They talked."), Span(29, 37, "Xi left.")), None),
        Passage(39, 52, "Leave a Reply", (Span(39, 52, "Leave a Reply"),), "comment form"),
    )


def test_split_sentence_makes_each_sentence_a_passage():
    passages = split_passages(PAGE, "sentence")
    assert [(passage.text, passage.left_out) for passage in passages] == [
        ("Putin meets Xi", None),
        ("They talked.", None),
        ("Xi left.", None),
        ("Leave a Reply", "comment form"),
    ]
    assert all(passage.sentences == (Span(passage.start, passage.end, passage.text),) for passage in passages)


def test_split_none_makes_the_trimmed_text_one_passage_that_is_never_left_out():
    (page,) = split_passages(PAGE, "none")
    assert (page.text, page.left_out, len(page.sentences)) == (PAGE.strip(), None, 4)
    (label,) = split_passages(" Leave a Reply ", "none")
    assert (label.text, label.left_out) == ("Leave a Reply", None)


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff", "\u200b\r\n\xa0\u2028"])
@pytest.mark.parametrize("split", SPLITS)
def test_text_with_nothing_to_see_is_refused(text, split):
    with pytest.raises(TextError, match="empty"):
        split_passages(text, split)


def test_an_unknown_split_is_refused_with_what_is_accepted():
    with pytest.raises(TextError, match="'word'; accepted are none, paragraph, sentence"):
        split_passages("Text.", "word")


# --- properties that hold for any text ---

PIECES = (
    "Mr. |U.S. |“|”|\"|' |(|)|Xi said. |he said. |no. 5 |? |! |... |…|。|他说|😀|1. |Read also: |Related articles\n|Peace |talks|é"
    "|\n|\n\n|\r\n|\u2028|\xa0|\ufeff|\u200b|\ud800"
)
ANY_TEXT = st.one_of(
    st.text(),
    st.text(alphabet=st.characters(categories=["Cs", "Zs", "Zl", "Zp", "Cc", "Cf", "Po", "Lu", "Ll", "Lo"])),
    st.lists(
        st.sampled_from(PIECES.split("|")),
        max_size=60,
    ).map("".join),
)


def visible(text: str) -> str:
    return "".join(character for character in text if character not in _BLANK)


def assert_spans_hold(text: str, spans: tuple[Span, ...] | tuple[Passage, ...], start: int, end: int) -> None:
    """In order, apart, exact, trimmed, and with every visible character of `text[start:end]` in one of them."""
    position, seen = start, ""
    for span in spans:
        assert position <= span.start < span.end <= end
        assert span.text == text[span.start : span.end] == span.text.strip(_BLANK)
        position, seen = span.end, seen + span.text
    assert visible(seen) == visible(text[start:end])


@given(ANY_TEXT, st.sampled_from(SPLITS))
@example("Xi said. did. “The greater", "paragraph")
@example("x" * 2500 + ". " + "“" * 1200, "sentence")
@example("Hello. \u200b \ufeff Bye.", "sentence")
def test_spans_are_exact_trimmed_in_order_and_cover_the_text(text, split):
    if not visible(text):
        return
    passages = split_passages(text, split)
    assert_spans_hold(text, passages, 0, len(text))
    for passage in passages:
        assert_spans_hold(text, passage.sentences, passage.start, passage.end)


@given(ANY_TEXT, st.integers(0, 50), st.integers(0, 50))
def test_the_sentences_of_a_part_cover_the_part(text, start, length):
    end = min(len(text), start + length)
    assert_spans_hold(text, split_sentences(text, start, end), min(start, end), end)


@given(ANY_TEXT)
def test_the_three_splits_see_the_same_sentences(text):
    if not visible(text):
        return
    by_split = [[sentence for passage in split_passages(text, split) for sentence in passage.sentences] for split in SPLITS]
    assert by_split[0] == by_split[1] == by_split[2]


# --- time ---

NEWS = "The man went to the U.S. and left. He said “no” to Mr. Smith and the rest of them. "


@pytest.mark.parametrize(
    "unit",
    [NEWS, f"{NEWS}\n\n", "x", ".", "\n", " ", "“", "(", "? ", "中国人", "Mr. ", "<a", "Read also: ", "home | ", "2023 ", "\ufeff"],
)
def test_time_grows_no_faster_than_the_text(unit):
    text = "“" + unit * (200_000 // len(unit)) + "x"
    started = time.process_time()
    passages = split_passages(text)
    assert time.process_time() - started < 5  # a tenth of that where nothing else runs; seen square, it is minutes
    assert_spans_hold(text, passages, 0, len(text))


def test_a_stretch_without_an_end_is_cut_between_words():
    cut = sentences("word " * 1000)
    assert 5 <= len(cut) <= 10
    assert all(len(sentence) <= 1000 and set(sentence.split()) == {"word"} for sentence in cut)


# --- the real thing ---


@pytest.mark.skipif(not ARTICLES.is_dir(), reason=f"no {ARTICLES}: the five real articles are not split here")
def test_real_articles_split_into_whole_passages_and_plausible_sentences():
    for path in sorted(ARTICLES.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        passages = split_passages(text)
        assert [passage.text for passage in passages] == [line.strip(_BLANK) for line in text.splitlines() if line.strip(_BLANK)]
        for passage in passages:
            assert_spans_hold(text, passage.sentences, passage.start, passage.end)
            if passage.left_out is None:
                assert all(len(sentence.text) > 3 for sentence in passage.sentences)
                # A sentence starts with a capital, a quotation or a figure; one article has a stray "did."
                assert all(not sentence.text[0].islower() or sentence.text == "did." for sentence in passage.sentences), path
