"""What is kept of texts: exact, shared between processes, bounded, and never in the way."""

import os
import signal
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from framing.encoder import EncodedTexts
from framing.language import language_of
from tests.conftest import ROOT, WordEncoder
from training import cache
from training.cache import FILE, CachedEncoder, TextCache, languages_of, with_cache

TEXTS = ["Rain fell.", "Frost came.", "Rain fell."]


class Counting:
    """An encoder that remembers what it was asked."""

    dimensions, fingerprint = WordEncoder.dimensions, WordEncoder.fingerprint

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts) -> EncodedTexts:
        self.asked += texts
        return WordEncoder().encode(texts)


def test_kept_vectors_are_the_same_to_the_bit_and_only_new_texts_are_encoded(tmp_path):
    encoder = Counting()
    cached, long = CachedEncoder(encoder, TextCache(tmp_path)), "word " * 300
    first, again = cached.encode(TEXTS), cached.encode([*TEXTS, long])
    assert encoder.asked == ["Rain fell.", "Frost came.", long]
    assert np.array_equal(again.vectors, WordEncoder().encode([*TEXTS, long]).vectors)
    assert np.array_equal(first.vectors, again.vectors[:3])
    assert first.vectors.dtype == np.float32
    assert again.truncated.tolist() == [False, False, False, True]


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    encoder = Counting()
    for _ in range(2):
        CachedEncoder(encoder, TextCache()).encode(TEXTS)
    assert len(encoder.asked) == 4
    assert list(tmp_path.iterdir()) == []


def test_no_texts_give_no_vectors(tmp_path):
    assert CachedEncoder(WordEncoder(), TextCache(tmp_path)).encode([]).vectors.shape == (0, 64)


def test_another_encoder_and_another_version_of_what_runs_it_have_vectors_of_their_own(tmp_path, monkeypatch):
    CachedEncoder(Counting(), TextCache(tmp_path)).encode(TEXTS)
    for name, value in (("fingerprint", "other"), ("fingerprint", WordEncoder.fingerprint)):
        encoder = Counting()
        monkeypatch.setattr(Counting, name, value)
        CachedEncoder(encoder, TextCache(tmp_path)).encode(TEXTS)
        assert bool(encoder.asked) == (value == "other")
    encoder = Counting()
    monkeypatch.setattr(cache, "runtime", lambda: "newer")
    CachedEncoder(encoder, TextCache(tmp_path)).encode(TEXTS)
    assert encoder.asked


def test_a_model_with_a_cache_reads_as_it_does_without(tiny_model, tmp_path):
    for _ in range(2):
        cached = with_cache(tiny_model, TextCache(tmp_path)).read(TEXTS)
        assert np.array_equal(cached.probabilities, tiny_model.read(TEXTS).probabilities)


def test_languages_are_kept_too(tmp_path, monkeypatch):
    texts = ["Der Präsident sprach am Montag in Berlin über das Wetter.", "The president spoke about the weather on Monday."]
    assert languages_of(texts, TextCache(tmp_path)) == [language_of(text) for text in texts] == ["de", "en"]
    monkeypatch.setattr("framing.language.language_of", lambda _: pytest.fail("asked again"))
    assert languages_of(texts, TextCache(tmp_path)) == ["de", "en"]


def test_the_oldest_entries_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST_ENTRIES", 3)
    texts = [f"text {number}" for number in range(5)]
    CachedEncoder(Counting(), TextCache(tmp_path)).encode(texts)
    encoder = Counting()
    CachedEncoder(encoder, TextCache(tmp_path)).encode(texts)
    assert encoder.asked == texts[:2]


@pytest.mark.parametrize("broken", ["file", "folder"])
def test_a_cache_that_cannot_be_used_is_told_of_and_left_aside(tmp_path, broken, caplog):
    folder = tmp_path / "cache"
    if broken == "file":
        folder.mkdir()
        (folder / FILE).write_bytes(b"no database " * 1000)
    else:
        folder.write_text("no folder")
    vectors = CachedEncoder(WordEncoder(), TextCache(folder)).encode(TEXTS).vectors
    assert np.array_equal(vectors, WordEncoder().encode(TEXTS).vectors)
    assert f"the cache in {folder} is not used" in caplog.text


WRITER = """
import sys
from pathlib import Path
from training.cache import TextCache
cache, who = TextCache(Path(sys.argv[1])), sys.argv[2]
for turn in range(int(sys.argv[3])):
    cache.values("twice", [f"{turn} {at}" for at in range(20)], lambda texts: [(text * 2).encode() for text in texts])
    print(who, turn, flush=True)
"""


def writer(folder, who: str, turns: int) -> subprocess.Popen:
    command = [sys.executable, "-c", WRITER, str(folder), who, str(turns)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_may_write_at_once_and_one_that_is_killed_leaves_a_whole_cache(tmp_path):
    killed, *others = writer(tmp_path, "killed", 100_000), writer(tmp_path, "a", 30), writer(tmp_path, "b", 30)
    assert killed.stdout.readline()  # it is in the middle of its work
    os.kill(killed.pid, signal.SIGKILL)
    for process in others:
        _, problems = process.communicate()
        assert (process.returncode, problems) == (0, "")
    killed.communicate()
    texts = [f"{turn} {at}" for turn in range(30) for at in range(20)]
    kept = TextCache(tmp_path).values("twice", texts, lambda missing: pytest.fail(f"{len(missing)} are missing"))
    assert kept == [(text * 2).encode() for text in texts]
    with closing(TextCache(tmp_path)._open()) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_user_without_a_home_has_no_folder(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache.Path, "home", nowhere)
    assert cache.default_folder() is None


def test_a_folder_that_cannot_even_be_looked_at_is_left_aside(tmp_path, caplog):
    cache = TextCache(tmp_path / ("x" * 300))
    assert cache.values("maker", ["a"], lambda texts: [text.encode() for text in texts]) == [b"a"]
    assert "File name too long" in caplog.text
