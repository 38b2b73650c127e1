"""A server that is killed while labels come in: what it acknowledged is there afterwards, and nothing is there in part."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from tests.conftest import ROOT
from tests.test_server import PATIENCE, Running, start, stop

__all__ = ["start"]  # a fixture

BATCH = 3


def send_until_it_dies(server: Running, coder: str, acknowledged: dict[str, list[str]], numbers: count) -> None:
    """Batches of labels, one after the other, each noted once it is answered."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        while True:
            number = next(numbers)
            texts = [f"Text {number} of {coder}, line {line}." for line in range(BATCH)]
            labels = [{"text": text, "frames": ["rain"], "coder": coder} for text in texts]
            try:
                answer = client.post("/v1/labels", json={"labels": labels}, headers={"Idempotency-Key": f"{coder}-{number}"})
            except httpx.TransportError:
                return
            if answer.status_code != 201:
                raise AssertionError(answer.text)
            acknowledged[f"{coder}-{number}"] = texts


def read_back(server: Running) -> list[str]:
    found, cursor = [], "0"
    while cursor is not None:
        page = httpx.get(f"{server.url}/v1/labels", params={"cursor": cursor, "limit": 100}).raise_for_status().json()
        found += [label["text"] for label in page["labels"]]
        cursor = page["next"]
    return found


def test_a_server_killed_between_acknowledgements_has_lost_none_of_them(start, label_place):
    acknowledged: dict[str, list[str]] = {}
    numbers = count()
    for _ in range(2):
        server = start(FRAMING_LABELS=label_place)
        server.wait_for("/readyz")
        before = len(acknowledged)
        with ThreadPoolExecutor(3) as pool:
            senders = [pool.submit(send_until_it_dies, server, coder, acknowledged, numbers) for coder in ("anna", "ben", "carl")]
            until = before + random.randint(5, 40)
            while len(acknowledged) < until and not any(sender.done() for sender in senders):
                time.sleep(0.002)
            server.process.kill()
        for sender in senders:
            sender.result()
        assert len(acknowledged) >= until
    server = start(FRAMING_LABELS=label_place)
    server.wait_for("/readyz")
    found = read_back(server)
    assert {text for texts in acknowledged.values() for text in texts} <= set(found)
    assert len(found) == len(set(found))
    assert len(found) % BATCH == 0
    again, texts = next(iter(acknowledged.items()))
    labels = [{"text": text, "frames": ["rain"], "coder": again.partition("-")[0]} for text in texts]
    answer = httpx.post(f"{server.url}/v1/labels", json={"labels": labels}, headers={"Idempotency-Key": again})
    assert answer.status_code == 201
    assert len(read_back(server)) == len(found)
    _, code, written = stop(server)
    assert (code, "Traceback" in written) == (0, False)


def test_two_servers_over_one_postgresql_share_their_labels(start, postgres):
    place = postgres()
    one, other = (start(FRAMING_LABELS=place) for _ in range(2))
    for server in (one, other):
        server.wait_for("/readyz")
    label = {"text": "Rain fell.", "frames": ["rain"], "coder": "anna"}
    assert httpx.post(f"{one.url}/v1/labels", json=label).status_code == 201
    assert httpx.post(f"{other.url}/v1/labels", json=label).status_code == 409
    assert read_back(other) == ["Rain fell."]


@pytest.mark.parametrize(
    ("place", "sentence"), [("nowhere/labels.db", "labels.db: unable to open database file"), ("", "label store '': would be gone")]
)
def test_a_store_that_cannot_be_opened_ends_the_server_with_a_sentence(tmp_path, place, sentence):
    arguments = ["serve", "--port", "0", "--labels", place and str(tmp_path / place)]
    ended = subprocess.run([sys.executable, "-m", "framing.cli", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert sentence in ended.stderr
