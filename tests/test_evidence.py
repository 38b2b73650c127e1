"""Which sentences carry a frame."""

from framing.evidence import carrying_sentences
from framing.text import Span

SENTENCES = (Span(0, 4, "One."), Span(5, 9, "Two."), Span(10, 16, "Three."))


def test_every_sentence_at_the_threshold_carries_the_frame_in_the_order_of_the_text():
    found = carrying_sentences(SENTENCES, [0.9, 0.1, 0.5], threshold=0.5)
    assert [(sentence.start, sentence.end, sentence.text, sentence.probability) for sentence in found] == [
        (0, 4, "One.", 0.9),
        (10, 16, "Three.", 0.5),
    ]


def test_where_no_sentence_reaches_the_threshold_the_nearest_one_carries_it():
    assert [sentence.text for sentence in carrying_sentences(SENTENCES, [0.2, 0.4, 0.3], threshold=0.5)] == ["Two."]
