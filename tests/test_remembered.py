"""A memory of the last texts."""

from framing.remembered import Remembered


def lengths(read: list[str]):
    def work(texts):
        read.extend(texts)
        return [len(text) for text in texts]

    return work


def test_a_text_is_read_once_within_a_call_and_across_calls():
    read: list[str] = []
    remembered = Remembered(lengths(read))
    assert remembered(["one", "three", "one"]) == [3, 5, 3]
    assert remembered(["three", "seven"]) == [5, 5]
    assert remembered([]) == []
    assert read == ["one", "three", "seven"]


def test_the_oldest_are_forgotten_beyond_the_bound():
    read: list[str] = []
    remembered = Remembered(lengths(read), most=2)
    remembered(["a", "bb", "ccc"])
    assert remembered(["ccc", "bb", "a"]) == [3, 2, 1]
    assert read == ["a", "bb", "ccc", "a"]
