"""Labels over HTTP: kept once, all or none, and read a page at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from threading import Event

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from framing.api.app import create_app
from framing.api.examples import LABEL_REQUEST, LABELS_REQUEST
from framing.api.label_schemas import LabelBody, LabelsBody
from framing.api.settings import Settings
from framing.api.slot import ServedModel
from framing.errors import StoreError
from framing.labels import LabelPage
from framing.labels.store import open_label_store
from tests.test_api import JSON, SECRET, refused

RAIN = {"text": "Rain fell.", "frames": ["rain"], "coder": "anna"}


@pytest.fixture
def client(tiny_model, tmp_path) -> Iterator[TestClient]:
    store = open_label_store(str(tmp_path / "labels.db"))
    yield TestClient(create_app(tiny_model, Settings(max_labels=5, max_text_characters=100), store=store), raise_server_exceptions=False)
    store.close()


def kept(client: TestClient, body: object, **headers: str) -> dict:
    response = client.post("/v1/labels", json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert response.status_code == 201, response.text
    return response.json()


def numbers(client: TestClient, query: str = "") -> list[int]:
    return [label["label"] for label in client.get(f"/v1/labels{query}").json()["labels"]]


# --- kept ---


def test_one_label_is_answered_as_it_was_kept(client, tiny_model):
    answer = kept(client, {**RAIN, "document": "d-1", "start": 3, "end": 13, "group": "storm"})
    assert {name: answer[name] for name in ("label", "text", "frames", "coder", "role", "replaces", "withdrawn")} == {
        "label": 1, "text": "Rain fell.", "frames": ["rain"], "coder": "anna", "role": "coder", "replaces": None, "withdrawn": False,
    }  # fmt: skip
    assert (answer["document"], answer["start"], answer["end"], answer["group"]) == ("d-1", 3, 13, "storm")
    assert answer["codebook"] == tiny_model.codebook.digest
    assert answer["kept_at"].endswith("Z")
    assert client.get("/v1/labels").json() == {"labels": [answer], "next": None}


def test_several_labels_are_all_kept_or_none(client):
    answer = kept(client, {"labels": [RAIN, {**RAIN, "coder": "ben", "frames": []}]})
    assert [label["label"] for label in answer["labels"]] == [1, 2]
    problem = refused(client.post("/v1/labels", json={"labels": [{**RAIN, "coder": "carl"}, {**RAIN, "frames": [SECRET]}]}), 422)
    assert problem["errors"][0]["pointer"] == "/labels/1/frames"
    assert problem["detail"] == "labels/1/frames holds a frame that is not in the codebook; accepted are rain, frost."
    assert numbers(client, "?history=true") == [1, 2]


def test_a_key_lets_a_request_come_again_and_count_once(client):
    first = kept(client, RAIN, Idempotency_Key="k-1")
    kept(client, {**RAIN, "frames": [], "replaces": 1})
    assert kept(client, dict(reversed(RAIN.items())), Idempotency_Key="k-1") == first
    problem = refused(client.post("/v1/labels", json={**RAIN, "text": SECRET}, headers={"Idempotency-Key": "k-1"}), 422)
    assert problem["type"] == "urn:framing:problem:idempotency-key-reused"
    assert numbers(client, "?history=true") == [1, 2]


@pytest.mark.parametrize("key", ["", "with space", "k" * 201])
def test_a_key_that_is_none_is_refused(client, key):
    problem = refused(client.post("/v1/labels", json=RAIN, headers={"Idempotency-Key": key}), 422)
    assert problem["errors"][0]["pointer"] == "/Idempotency-Key"


def test_a_label_that_others_overtook_is_a_conflict_that_names_the_last_one(client):
    kept(client, RAIN)
    problem = refused(client.post("/v1/labels", json={**RAIN, "frames": []}), 409)
    assert problem["type"] == "urn:framing:problem:label-conflict"
    assert problem["detail"] == "replaces is missing: the coder has label 1 on this text, which a new one must name to take its place."
    kept(client, {**RAIN, "frames": [], "replaces": 1})
    assert "the last one is 2" in refused(client.post("/v1/labels", json={**RAIN, "replaces": 1}), 409)["detail"]


def test_a_label_made_by_another_codebook_is_a_conflict(client):
    assert refused(client.post("/v1/labels", json={**RAIN, "codebook": "0" * 64}), 409)["errors"][0]["pointer"] == "/codebook"


def test_a_label_can_be_taken_back(client):
    kept(client, RAIN)
    kept(client, {"text": RAIN["text"], "coder": "anna", "replaces": 1, "withdrawn": True})
    assert (numbers(client), numbers(client, "?history=true")) == ([], [1, 2])


# --- read ---


def test_pages_lead_through_all_labels_and_filters_narrow_them(client):
    kept(client, {"labels": [{**RAIN, "text": f"Text {n}.", "coder": "anna" if n < 3 else "ben"} for n in range(5)]})
    kept(client, {"text": "Frost.", "frames": ["frost"], "coder": "ben"})
    page = client.get("/v1/labels?limit=4").json()
    assert [label["label"] for label in page["labels"]] == [1, 2, 3, 4]
    assert numbers(client, f"?limit=4&cursor={page['next']}") == [5, 6]
    assert numbers(client, "?coder=ben") == [4, 5, 6]
    assert numbers(client, "?frame=frost") == [6]
    assert numbers(client, "?since=2001-01-01T00:00:00Z&coder=anna") == [1, 2, 3]
    assert numbers(client, "?since=2999-01-01T00:00:00Z") == []


BAD_QUERIES = {
    "?limit=0": "limit must be 1 or more.",
    "?limit=1001": "limit must be at most 1000.",
    "?limit=many": "limit must be a whole number.",
    "?since=2030": "since must be a time with its zone, such as 2026-11-26T08:00:00Z.",
    "?since=20301126": "since must be a time with its zone, such as 2026-11-26T08:00:00Z.",
    "?since=yesterday": "since must be a time with its zone, such as 2026-11-26T08:00:00Z.",
    "?since=2026-11-26T08:00:00": "since must be a time with its zone, such as 2026-11-26T08:00:00Z.",
    "?since=0001-01-01T00:00:00%2B01:00": "since lies outside the years 1 to 9999 in UTC.",
    "?since=9999-12-31T23:59:59-01:00": "since lies outside the years 1 to 9999 in UTC.",
    "?history=perhaps": "history must be true or false.",
    "?cursor=Zanzibarian": "cursor is not one that can be there.",
    "?frame=Zanzibarian": "frame is not one that can be there.",
    "?coder=%00": "coder holds a NUL character, which no name has.",
    "?codre=anna": "The query has an unknown field 'codre'; accepted are coder, frame, since, history, cursor and limit.",
}


@pytest.mark.parametrize(("query", "sentence"), BAD_QUERIES.items())
def test_a_wrong_query_is_refused_in_a_sentence(client, query, sentence):
    assert refused(client.get(f"/v1/labels{query}"), 422)["detail"] == sentence


# --- refused ---

BAD_BODIES = {
    "empty": ({}, "text is missing. (1 more)"),
    "no labels": ({"labels": []}, "labels must not be an empty list."),
    "both": ({**RAIN, "labels": [RAIN]}, "The body has an unknown field 'text'; accepted are"),
    "no object": ([RAIN], "The body must be a JSON object."),
    "blank": ({**RAIN, "text": " "}, "text has nothing to label: it is empty or only white space."),
    "frames": ({**RAIN, "frames": SECRET}, "frames must be a list."),
    "coder": ({**RAIN, "coder": ""}, "coder must not be empty."),
    "padded coder": (
        {**RAIN, "coder": "anna "},
        "coder must be 1 to 200 characters, without white space at its ends, control characters and halves of surrogate pairs.",
    ),
    "role": ({**RAIN, "role": SECRET}, "role must be one of 'coder' or 'adjudicator'."),
    "replaces": ({**RAIN, "replaces": "1"}, "replaces must be a whole number."),
    "huge number": ({**RAIN, "replaces": 2**40}, "replaces must be at most 2147483647."),
    "withdrawn": ({**RAIN, "withdrawn": 1}, "withdrawn must be true or false."),
    "unknown": ({"labels": [{**RAIN, "frame": "rain"}]}, "labels/0 has an unknown field 'frame'; accepted are text, frames, coder"),
}


@pytest.mark.parametrize(("body", "sentence"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_wrong_field_is_refused_in_a_sentence(client, body, sentence):
    assert refused(client.post("/v1/labels", json=body), 422)["detail"].startswith(sentence)


def test_labels_and_texts_have_limits(client):
    many = {"labels": [{**RAIN, "coder": str(n)} for n in range(6)]}
    assert refused(client.post("/v1/labels", json=many), 413)["detail"] == "A request may hold at most 5 labels; this one holds 6."
    long = {"labels": [RAIN, {**RAIN, "text": SECRET * 10}]}
    problem = refused(client.post("/v1/labels", json=long), 413)
    assert problem["detail"] == "labels/1/text may have at most 100 characters; it has 110."


def test_a_body_that_is_not_json_is_refused(client):
    for body in (b"", b'{"text": "Zanzibarian', b'{"text": "\\ud800", "coder": "a"}', b'{"labels": ' + b"[" * 100_000):
        assert refused(client.post("/v1/labels", content=body, headers=JSON), 400)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["labels", *LabelBody.model_fields]), inner),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values)
def test_no_json_value_makes_the_server_fail(client, value):
    response = client.post("/v1/labels", content=json.dumps(value), headers=JSON)
    assert response.status_code in {201, 400, 409, 413, 422}


def test_a_server_without_a_store_says_how_to_keep_labels(tiny_model):
    client = TestClient(create_app(tiny_model, Settings()))
    for response in (client.get("/v1/labels"), client.post("/v1/labels", json=RAIN)):
        problem = refused_as_switched_off(response)
        assert problem.startswith("This server keeps no labels; start it with --labels FILE, or FRAMING_LABELS=FILE")
    assert client.post("/v1/predict", json={"text": "Rain."}).status_code == 200


def refused_as_switched_off(response) -> str:
    problem = refused(response, 404)
    assert problem["type"] == "urn:framing:problem:no-label-store"
    return str(problem["detail"])


def test_labels_can_be_read_before_a_model_is_loaded_but_not_kept(tiny_model, tmp_path):
    store = open_label_store(str(tmp_path / "labels.db"))
    app = create_app(None, Settings(), store=store)
    client = TestClient(app)
    assert numbers(client) == []
    assert refused(client.post("/v1/labels", json=RAIN), 503)["type"] == "urn:framing:problem:not-ready"
    app.state.slot.current = ServedModel(tiny_model)
    kept(client, RAIN)
    store.close()


def test_a_store_that_does_not_answer_is_a_problem_that_tells_nothing_of_it_but_to_the_log(tiny_model, caplog):
    class Gone:
        def keep(self, *_: object) -> None:
            raise StoreError("postgresql://me@host/db", "server closed the connection")

        page = keep

    client = TestClient(create_app(tiny_model, Settings(), store=Gone()))
    for response in (client.get("/v1/labels"), client.post("/v1/labels", json=RAIN)):
        assert "postgresql" not in refused(response, 503)["detail"]
        assert response.headers["retry-after"] == "1"
    assert [record.getMessage() for record in caplog.records if record.name == "uvicorn.error"] == [
        "label store postgresql://me@host/db: server closed the connection"
    ] * 2


def test_a_store_that_stalls_stops_no_prediction(tiny_model):
    """Of sixty requests that wait for the store, no more have a thread than it has connections."""
    released, asked = Event(), []

    class Stalled:
        def page(self, _: object) -> LabelPage:
            asked.append(released.wait(30))
            return LabelPage((), None)

    async def ask() -> tuple[int, int, set[int]]:
        transport = httpx.ASGITransport(create_app(tiny_model, Settings(), store=Stalled()))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            waiting = [asyncio.create_task(client.get("/v1/labels")) for _ in range(60)]
            try:
                await asyncio.sleep(0.3)
                answer = await asyncio.wait_for(client.post("/v1/predict", json={"text": "Rain."}), 10)
                left = sum(not task.done() for task in waiting)
            finally:
                released.set()
            return answer.status_code, left, {task.status_code for task in await asyncio.gather(*waiting)}

    assert asyncio.run(ask()) == (200, 60, {200})
    assert asked == [True] * 60


def test_the_addresses_are_described_with_their_examples(client, tiny_model):
    description = client.get("/openapi.json").json()
    post, get = (description["paths"]["/v1/labels"][method] for method in ("post", "get"))
    assert {"201", "400", "404", "409", "413", "415", "422", "503"} <= set(post["responses"])
    assert [parameter["name"] for parameter in post["parameters"]] == ["Idempotency-Key"]
    assert {parameter["name"] for parameter in get["parameters"]} == {"coder", "frame", "since", "history", "cursor", "limit"}
    named = {part.partition('"')[0] for part in json.dumps(description).split("#/components/schemas/")[1:]}
    assert named <= set(description["components"]["schemas"])
    LabelBody.model_validate(LABEL_REQUEST)
    LabelsBody.model_validate(LABELS_REQUEST)
