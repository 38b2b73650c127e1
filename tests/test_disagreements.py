"""The queue of an adjudicator."""

from __future__ import annotations

from framing.data import own_group
from framing.labels import Label, Origin
from framing.labels.disagreements import disagreements
from tests.test_agreement import current


def test_only_texts_wait_on_which_coders_differ_and_nobody_has_decided(tiny_codebook):
    labels = current(
        tiny_codebook,
        Label("One.", ("rain",), "ben"), Label("One.", (), "anna"),
        Label("Agreed.", ("rain",), "anna"), Label("Agreed.", ("rain",), "ben"),
        Label("Alone.", ("rain",), "anna"),
        Label("Decided.", ("rain",), "anna"), Label("Decided.", (), "ben"), Label("Decided.", (), "dora", "adjudicator"),
        Label("Two.", ("rain", "frost"), "anna", origin=Origin(id="t", group="g")), Label("Two.", (), "ben", origin=Origin(style="news")),
    )  # fmt: skip
    waiting = list(disagreements(labels))
    assert [one.text for one in waiting] == ["Two.", "One."]  # the most disputed first
    assert waiting[0].as_row() == {
        "id": "t", "group": "g", "text": "Two.", "style": "news", "language": None,
        "disputed": ["rain", "frost"], "answers": {"anna": ["rain", "frost"], "ben": []},
    }  # fmt: skip
    assert waiting[1].id == waiting[1].group == own_group("One.")


def test_two_texts_of_one_id_have_different_ones_in_the_queue(tiny_codebook):
    origin = Origin(id="1" * 200)
    labels = current(tiny_codebook, *(Label(text, frames, coder, origin=origin) for text in ("a", "b")
                                      for coder, frames in {"anna": ("rain",), "ben": ()}.items()))  # fmt: skip
    first, second = (waiting.id for waiting in disagreements(labels))
    assert first.startswith("111")
    assert second.startswith("111")
    assert second != first
    assert len(first) == len(second) == 200


def test_of_three_coders_the_frames_that_all_see_are_not_disputed(tiny_codebook):
    labels = current(tiny_codebook, *(Label("a", frames, coder) for coder, frames in
                                      {"anna": ("rain",), "ben": ("rain", "frost"), "carl": ("rain",)}.items()))  # fmt: skip
    (waiting,) = disagreements(labels)
    assert waiting.disputed == ("frost",)


def test_of_several_adjudicators_the_last_one_counts(tiny_codebook):
    (text,) = current(
        tiny_codebook, Label("a", ("rain",), "anna"), Label("a", (), "ben"),
        Label("a", (), "dora", "adjudicator"), Label("a", ("frost",), "emil", "adjudicator"),
    ).texts  # fmt: skip
    assert text.settled == text.labels[3]
