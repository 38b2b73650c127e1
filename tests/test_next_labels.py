"""GET /v1/labels/next: which texts of the pool to label, by the model that answers now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from framing.api.app import create_app
from framing.api.pool import RankedPool, open_pool
from framing.api.settings import Settings
from framing.errors import DataError, FramingError
from framing.labels.store import open_label_store
from framing.model import FramingModel
from framing.prediction import ModelIdentity
from framing.selection import load_pool, rank
from tests.conftest import WordEncoder
from tests.test_api import refused
from tests.test_server import PATIENCE, start, stop

__all__ = ["start"]  # a fixture

TEXTS = ["Sky.", "Rain.", "Some rain with words of other things beside it.", "Frost."]
UNSURE = TEXTS[2]


@pytest.fixture
def pool_file(tmp_path: Path) -> Path:
    path = tmp_path / "pool.csv"
    path.write_text("\n".join(["text,group,language", *(f"{text},g,en" for text in TEXTS)]), encoding="utf-8")
    return path


@dataclass
class Served:
    """An application over a pool and a store, and whatever model `model` holds."""

    client: TestClient
    pool: RankedPool
    model: FramingModel | None = None

    def next(self, query: str = "") -> dict[str, Any]:
        response = self.client.get(f"/v1/labels/next{query}")
        assert response.status_code == 200, response.text
        return response.json()

    def texts(self, query: str = "") -> list[str]:
        return [text["text"] for text in self.next(query)["texts"]]

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def is_ranked(self) -> bool:
        return self.client.get("/v1/labels/next").status_code == 200


@pytest.fixture
def served(tiny_model: FramingModel, pool_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Ranks nothing before a test sets a model."""
    monkeypatch.setattr("framing.api.pool.LOOK_SECONDS", 0.01)
    store = open_label_store(str(tmp_path / "labels.db"))
    pool = open_pool(pool_file, store, 1000)
    assert pool is not None
    served = Served(TestClient(create_app(tiny_model, Settings(), store=store, pool=pool)), pool)
    pool.follow(lambda: served.model)
    yield served
    pool.end()
    store.close()


def test_the_texts_come_in_their_order_with_the_reason_and_the_model(served, tiny_model):
    served.model = tiny_model
    served.until(served.is_ranked)
    answer = served.next()
    first = answer["texts"][0]
    assert (first["text"], first["id"], first["group"]) == (UNSURE, "pool.csv:4", "g")
    assert first["why"]["frame"] == "rain"
    assert 0 < first["why"]["unsure"] < 1
    assert first["why"]["threshold"] == 0.5
    assert (answer["model"]["name"], answer["left"], len(answer["texts"])) == ("tiny", 4, 4)
    assert served.texts("?count=1") == [UNSURE]


def test_before_the_pool_is_ranked_it_says_when_to_come_again(served):
    problem = refused(served.client.get("/v1/labels/next"), 503)
    assert problem["type"] == "urn:framing:problem:pool-not-ranked"
    assert problem["detail"] == "The pool of 4 texts is not ranked yet: no model has begun to read it; try again in a while."
    assert served.client.get("/v1/labels/next").headers["retry-after"] == "5"


def test_a_text_is_gone_once_it_is_labelled_and_back_once_the_label_is_taken_back(served, tiny_model):
    served.model = tiny_model
    served.until(served.is_ranked)
    first = served.next()["texts"][0]
    label = {name: value for name, value in first.items() if name != "why"} | {"frames": ["rain"], "coder": "anna"}
    kept = served.client.post("/v1/labels", json=label)
    assert kept.status_code == 201, kept.text
    assert UNSURE not in served.texts()
    assert served.next()["left"] == 3
    taken_back = {"text": UNSURE, "coder": "anna", "replaces": kept.json()["label"], "withdrawn": True}
    assert served.client.post("/v1/labels", json=taken_back).status_code == 201
    assert served.texts()[0] == UNSURE


def test_another_model_ranks_anew_and_until_it_is_done_the_order_of_the_one_before_holds(served, tiny_model):
    served.model = tiny_model
    served.until(served.is_ranked)
    before = served.texts()
    waiting = WaitingEncoder()
    heads = replace(tiny_model.heads, vector_weights=0 * tiny_model.heads.vector_weights)  # as unsure of one text as of another
    served.model = replace(tiny_model, encoder=waiting, heads=heads, identity=replace(tiny_model.identity, version="2"))
    assert waiting.asked.wait(PATIENCE)
    assert (served.next()["model"]["version"], served.texts()) == ("1", before)
    waiting.answers.set()
    served.until(lambda: served.next()["model"]["version"] == "2")
    assert served.texts()[0] != before[0]


def test_a_ranking_whose_model_answers_no_more_is_given_up(served, tiny_model):
    waiting = WaitingEncoder()
    served.model = replace(tiny_model, encoder=waiting, identity=ModelIdentity("tiny", "stuck", "c", None))
    assert waiting.asked.wait(PATIENCE)
    served.model = tiny_model
    waiting.answers.set()
    served.until(served.is_ranked)
    assert served.next()["model"]["version"] == "1"
    assert waiting.texts == 1


def test_a_model_that_cannot_rank_is_told_once_and_the_next_one_ranks(served, tiny_model, caplog):
    broken = BrokenEncoder()
    served.model = replace(tiny_model, encoder=broken, identity=ModelIdentity("tiny", "broken", "c", None))
    assert broken.asked.wait(PATIENCE)
    served.model = tiny_model
    served.until(served.is_ranked)
    assert served.next()["model"]["version"] == "1"
    assert [record.getMessage() for record in caplog.records if "cannot be ranked" in record.message] == [
        "The pool cannot be ranked by tiny:broken; it is tried again in 60 seconds"
    ]


@dataclass(frozen=True)
class BrokenEncoder(WordEncoder):
    """Fails on every text."""

    asked: Event = field(default_factory=Event)

    def encode(self, texts):
        self.asked.set()
        raise MemoryError


@dataclass(frozen=True)
class WaitingEncoder(WordEncoder):
    """Answers once it may, and counts the texts it was asked."""

    asked: Event = field(default_factory=Event)
    answers: Event = field(default_factory=Event)
    counted: list[int] = field(default_factory=list)

    @property
    def texts(self) -> int:
        return sum(self.counted)

    def encode(self, texts):
        self.counted.append(len(texts))
        self.asked.set()
        assert self.answers.wait(PATIENCE)
        return super().encode(texts)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?count=0", "count must be 1 or more."),
        ("?count=1001", "count must be at most 1000."),
        ("?limit=1", "The query has an unknown field 'limit'; accepted are count."),
    ],
)
def test_a_wrong_query_is_refused_in_a_sentence(served, query, sentence):
    assert refused(served.client.get(f"/v1/labels/next{query}"), 422)["detail"] == sentence


def test_a_server_without_a_pool_says_how_to_get_one(tiny_model, tmp_path):
    store = open_label_store(str(tmp_path / "labels.db"))
    problem = refused(TestClient(create_app(tiny_model, Settings(), store=store)).get("/v1/labels/next"), 404)
    assert problem["type"] == "urn:framing:problem:no-pool"
    assert problem["detail"].startswith("This server has no pool of texts to label; start it with --pool FILE, or FRAMING_POOL=FILE")
    store.close()
    assert refused(TestClient(create_app(tiny_model, Settings())).get("/v1/labels/next"), 404)["type"].endswith("no-label-store")


def test_a_pool_needs_a_store_for_its_labels_and_a_file_that_can_be_read(pool_file, tmp_path):
    with pytest.raises(FramingError, match="needs a store for their labels: --labels, or FRAMING_LABELS"):
        open_pool(pool_file, None, 1000)
    store = open_label_store(str(tmp_path / "labels.db"))
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read"):
        open_pool(tmp_path / "nowhere.csv", store, 1000)
    with pytest.raises(DataError, match=r"pool\.csv: the text '.*' has \d+ characters; FRAMING_MAX_TEXT_CHARACTERS is 5"):
        open_pool(pool_file, store, 5)
    store.close()
    assert open_pool(None, None, 1000) is None


def test_a_name_whose_label_would_be_refused_is_refused_in_the_pool(tmp_path):
    path = tmp_path / "pool.csv"
    path.write_text(f"id,text\n{'a' * 201},It rained.\na\x1bb,It froze.\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"row 2: 'id' must be 1 to 200 characters.*\n.*row 3: 'id' must be 1 to 200 characters"):
        load_pool(path)


def test_a_ranking_that_failed_is_tried_again(served, tiny_model, monkeypatch):
    tried = []

    def once(*given, **more):
        tried.append(given)
        if len(tried) == 1:
            raise MemoryError
        return rank(*given, **more)

    monkeypatch.setattr("framing.api.pool.AGAIN_SECONDS", 0.01)
    monkeypatch.setattr("framing.api.pool.rank", once)
    served.model = tiny_model
    served.until(served.is_ranked)
    assert len(tried) == 2


def test_the_address_is_described(served):
    description = served.client.get("/openapi.json").json()["paths"]["/v1/labels/next"]["get"]
    assert {"200", "404", "422", "503"} <= set(description["responses"])


def test_a_server_ranks_its_pool_beside_its_work_and_ends_in_order(start, pool_file, tmp_path):
    server = start(FRAMING_LABELS=str(tmp_path / "labels.db"), FRAMING_POOL=str(pool_file))
    answer = server.wait_for("/v1/labels/next?count=2").json()
    assert answer["texts"][0]["text"] == UNSURE
    assert httpx.post(f"{server.url}/v1/labels", json={"text": UNSURE, "coder": "anna"}).status_code == 201
    assert httpx.get(f"{server.url}/v1/labels/next").json()["left"] == 3
    _, code, written = stop(server)
    assert (code, "Traceback" in written) == (0, False)


def test_a_server_is_ready_while_its_pool_is_being_ranked_and_can_be_stopped(start, pool_file, tmp_path):
    """To rank so many texts would take longer than the test would wait for the server to end."""
    pool_file.write_text("\n".join(["text,language", *(f"Rain {number}.,en" for number in range(2 * PATIENCE))]), encoding="utf-8")
    server = start(FRAMING_LABELS=str(tmp_path / "labels.db"), FRAMING_POOL=str(pool_file), TEXT_PAUSE="1")
    server.wait_for("/readyz")
    assert httpx.get(f"{server.url}/v1/labels/next").status_code == 503
    _, code, written = stop(server)
    assert (code, "Traceback" in written) == (0, False)
