"""The API's contract and its refusals, through the application itself."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from threading import Event

import anyio
import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framing.api.app import create_app
from framing.api.body import in_turn
from framing.api.examples import DOCUMENTS_REQUEST, TEXT_ANSWER, TEXT_REQUEST
from framing.api.schemas import PredictRequest, TextAnswer
from framing.api.settings import Settings, load_settings
from framing.api.slot import ServedModel
from framing.codebook import Codebook
from framing.encoder import EncodedTexts
from framing.errors import FramingError, TextError
from framing.heads import Heads
from framing.model import FramingModel
from tests.conftest import ROOT, WordEncoder

SECRET = "Zanzibarian"
PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}
PREDICT_SCOPE = {
    "type": "http", "method": "POST", "path": "/v1/predict", "raw_path": b"/v1/predict", "query_string": b"", "root_path": "",
    "headers": [(b"content-type", b"application/json")], "http_version": "1.1", "scheme": "http", "server": ("t", 80),
}  # fmt: skip
"""A request as a server hands it to the application; who sends and receives is the test's own."""


@pytest.fixture
def client(tiny_model: FramingModel) -> TestClient:
    return TestClient(create_app(tiny_model, Settings(), {"metrics": {"macro_f1": 0.9}}), raise_server_exceptions=False)


def refused(response, status: int) -> dict[str, object]:
    """The problem of a response, after checking all that holds for every problem."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    assert SECRET not in response.text
    body = response.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:framing:problem:")
    assert body["title"]
    assert body["detail"].endswith((".", ")"))
    return body


# --- answers ---


def test_a_text_comes_back_as_passages_with_frames_evidence_and_a_profile(client, tiny_model):
    text = "Rain, rain.\n\nThe match ended without a goal."
    answer = client.post("/v1/predict", json={"text": text}).json()
    first, second = answer["passages"]
    assert [(passage["start"], passage["end"], passage["text"]) for passage in (first, second)] == [
        (0, 11, "Rain, rain."),
        (13, 44, "The match ended without a goal."),
    ]
    rain, frost = first["frames"]
    assert (rain["frame"], rain["decision"], rain["threshold"], rain["floor"]) == ("rain", "present", 0.5, 0.2)
    assert rain["evidence"] == [{"start": 0, "end": 11, "text": "Rain, rain.", "probability": rain["probability"]}]
    assert (frost["decision"], frost["evidence"]) == ("absent", [])
    assert answer["profile"] == [
        {"frame": "rain", "present": 11 / 42, "unsure": 0.0},
        {"frame": "frost", "present": 0.0, "unsure": 0.0},
    ]
    assert answer["left_out"] == 0
    assert answer["model"] == {"name": "tiny", "version": "1", "codebook": tiny_model.codebook.digest, "run": None}


def test_documents_are_answered_in_order_under_their_ids(client):
    documents = [{"id": "b", "text": "Rain."}, {"id": "a", "text": "Frost."}]
    answer = client.post("/v1/predict", json={"documents": documents}).json()
    assert [document["id"] for document in answer["documents"]] == ["b", "a"]
    assert set(answer) == {"documents", "model"}
    alone = client.post("/v1/predict", json={"text": "Rain."}).json()
    assert answer["documents"][0] == {"id": "b", **{name: value for name, value in alone.items() if name != "model"}}


@pytest.mark.parametrize(("split", "passages"), [("none", 1), ("paragraph", 2), ("sentence", 3)])
def test_split_says_what_counts_as_a_passage(client, split, passages):
    text = "Rain fell on the whole valley. Frost came with the night wind.\n\nThe morning was clear again."
    assert len(client.post("/v1/predict", json={"text": text, "split": split}).json()["passages"]) == passages


def test_the_answer_is_the_models_own(client, tiny_model, articles):
    text = next(iter(articles.values()))
    expected = tiny_model.predict(text)
    answer = client.post("/v1/predict", json={"text": text}).json()
    assert [passage["text"] for passage in answer["passages"]] == [passage.text for passage in expected.passages]
    assert [[frame["probability"] for frame in passage["frames"]] for passage in answer["passages"]] == [
        [frame.probability for frame in passage.frames] for passage in expected.passages
    ]
    assert answer["left_out"] == len(expected.left_out) > 0


def test_evidence_is_left_out_if_not_wanted_and_nothing_else_changes(client):
    text = "The rain fell for hours. It was rain, rain and rain."
    (full,) = client.post("/v1/predict", json={"text": text}).json()["passages"]
    (bare,) = client.post("/v1/predict", json={"text": text, "evidence": False}).json()["passages"]
    assert [len(frame["evidence"]) for frame in full["frames"]] == [2, 0]
    assert bare == {**full, "frames": [{**frame, "evidence": []} for frame in full["frames"]]}


def test_offsets_count_code_points(client):
    text = "😀 Rain 😀 fell.\n\n𝒜 Rain."
    for passage in client.post("/v1/predict", json={"text": text}).json()["passages"]:
        assert text[passage["start"] : passage["end"]] == passage["text"]


def test_a_truncated_passage_says_so_in_words(client):
    (passage,) = client.post("/v1/predict", json={"text": "rain " * 300, "split": "none"}).json()["passages"]
    assert passage["truncated"] is True
    assert passage["warnings"] == ["the passage is longer than the encoder reads; its end was not seen"]


def test_the_model_is_described_with_its_codebook_limits_and_details(client):
    answer = client.get("/v1/model").json()
    assert answer["codebook"]["title"] == "Weather"
    assert answer["codebook"]["frames"][0] == {
        "name": "rain", "title": "Rain", "definition": "It rains.", "includes": [], "excludes": [],
        "examples": ["Rain fell all day."], "threshold": 0.5, "floor": 0.2,
    }  # fmt: skip
    assert answer["languages"] == ["en"]
    assert answer["limits"] == {"max_text_characters": 200_000, "max_documents": 64, "max_passages": 10_000, "max_body_bytes": 8_000_000}
    assert answer["details"] == {"metrics": {"macro_f1": 0.9}}


def test_a_server_without_a_model_is_alive_but_not_ready(tiny_model):
    app = create_app(None, Settings())
    client = TestClient(app)
    assert client.get("/healthz").json() == {"status": "ok"}
    for response in (client.get("/readyz"), client.get("/v1/model"), client.post("/v1/predict", json={"text": "Rain."})):
        assert refused(response, 503)["type"] == "urn:framing:problem:not-ready"
        assert response.headers["retry-after"] == "1"
    app.state.slot.current = ServedModel(tiny_model)
    assert client.get("/readyz").json()["model"]["name"] == "tiny"


# --- refusals ---

BAD_FIELDS = {
    "neither": ({}, "The body must have exactly one of text and documents."),
    "both": ({"text": "Rain.", "documents": [{"id": "a", "text": "Rain."}]}, "The body must have exactly one of text and documents."),
    "empty": ({"text": ""}, "text has nothing to label: it is empty or only white space."),
    "white space": ({"text": " \n\t\u2003"}, "text has nothing to label: it is empty or only white space."),
    "invisible": ({"text": "\u200b\ufeff\u2060"}, "text cannot be labelled: the text is empty: it holds nothing but white space."),
    "NUL": ({"text": f"{SECRET}\0"}, "text has a NUL character (U+0000) at offset 11; remove it."),
    "number": ({"text": 12}, "text must be a string."),
    "list": ({"text": [SECRET]}, "text must be a string."),
    "split": ({"text": SECRET, "split": SECRET}, "split must be one of 'none', 'paragraph' or 'sentence'."),
    "null split": ({"text": SECRET, "split": None}, "split must be one of 'none', 'paragraph' or 'sentence'."),
    "evidence": ({"text": SECRET, "evidence": "no"}, "evidence must be true or false."),
    "unknown": (
        {"text": SECRET, "texts": SECRET},
        "The body has an unknown field 'texts'; accepted are text, documents, split and evidence.",
    ),
    "no documents": ({"documents": []}, "documents must not be an empty list."),
    "documents": ({"documents": SECRET}, "documents must be a list."),
    "document": ({"documents": [SECRET]}, "documents/0 must be a JSON object."),
    "no id": ({"documents": [{"text": SECRET}]}, "documents/0/id is missing."),
    "number id": ({"documents": [{"id": 1, "text": SECRET}]}, "documents/0/id must be a string."),
    "empty id": ({"documents": [{"id": "", "text": SECRET}]}, "documents/0/id must not be empty."),
    "long id": ({"documents": [{"id": SECRET * 20, "text": SECRET}]}, "documents/0/id must have at most 200 characters."),
    "same id": (
        {"documents": [{"id": SECRET, "text": "a"}, {"id": "b", "text": "b"}, {"id": SECRET, "text": "c"}]},
        "documents must have different ids; 0 and 2 share one.",
    ),
    "document field": (
        {"documents": [{"id": "a", "text": SECRET, "lang": "en"}]},
        "documents/0 has an unknown field 'lang'; accepted are id and text.",
    ),
    "blank document": (
        {"documents": [{"id": "a", "text": "Rain."}, {"id": "b", "text": "\u200b"}]},
        "documents/1/text cannot be labelled: the text is empty",
    ),
}


@pytest.mark.parametrize(("body", "sentence"), BAD_FIELDS.values(), ids=BAD_FIELDS.keys())
def test_a_wrong_field_is_refused_in_a_sentence(client, body, sentence):
    problem = refused(client.post("/v1/predict", json=body), 422)
    assert problem["detail"].startswith(sentence)
    assert problem["errors"]


def test_every_wrong_place_is_listed_with_its_pointer(client):
    problem = refused(client.post("/v1/predict", json={"documents": [{"id": "a", "text": ""}, {"text": 3}], "split": "line"}), 422)
    assert [error["pointer"] for error in problem["errors"]] == ["/documents/0/text", "/documents/1/id", "/documents/1/text", "/split"]
    assert problem["detail"].endswith("(3 more)")


def test_of_very_many_wrong_places_the_first_twenty_are_listed(client):
    problem = refused(client.post("/v1/predict", json={"documents": [{"id": "a"}] * 60}), 422)
    assert len(problem["errors"]) == 20
    assert problem["detail"].endswith("(59 more)")


@pytest.mark.parametrize(("path", "name"), [("/v1/predict", "documents"), ("/v1/predict", "text")])
def test_a_body_that_is_wrong_everywhere_is_counted_and_no_more(client, monkeypatch, path, name):
    monkeypatch.setattr("framing.api.problems.invalid_request", lambda *_: pytest.fail("every error was looked at"))
    body = {"documents": [0] * 20_000} if name == "documents" else {"text": SECRET, **{f"x{number}": 0 for number in range(20_000)}}
    assert refused(client.post(path, json=body), 422)["detail"] == "The body is wrong in 20,000 places."


def test_a_text_sent_as_a_field_name_is_cut_short(client):
    problem = refused(client.post("/v1/predict", json={"x" * 40 + SECRET: 1}), 422)
    assert len(problem["detail"]) < 150


BAD_BODIES = {
    "nothing": b"",
    "half": b'{"text": "Zanzibarian',
    "words": b"Zanzibarian",
    "lone surrogate": b'{"text": "Zanzibarian \\ud800"}',
    "surrogate field": b'{"\\udfff": "Zanzibarian"}',
    "not UTF-8": b'{"text": "Zanzibarian \xff"}',
    "UTF-16": '{"text": "Zanzibarian"}'.encode("utf-16"),
    "raw NUL": b'{"text": "Zanzibarian \x00"}',
    "deep": b'{"text": ' + b"[" * 200_000,
    "deep and closed": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge number": b'{"text": ' + b"9" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_body_that_is_not_json_is_refused(client, body):
    problem = refused(client.post("/v1/predict", content=body, headers=JSON), 400)
    assert problem["detail"].startswith("The body is not valid JSON: ")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"Zanzibarian"', b"1e999", b"-0", b"NaN"])
def test_json_that_is_no_object_is_refused(client, body):
    assert refused(client.post("/v1/predict", content=body, headers=JSON), 422)["detail"] == "The body must be a JSON object."


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}])
def test_a_body_must_say_that_it_is_json(client, headers):
    problem = refused(client.post("/v1/predict", content=b'{"text": "Zanzibarian"}', headers=headers), 415)
    said = "The body must be JSON or JSON lines, and say so by Content-Type: application/json or application/x-ndjson."
    assert problem["detail"] == said


def test_the_content_type_may_name_a_charset(client):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post("/v1/predict", content=b'{"text": "Rain."}', headers=headers).status_code == 200


def test_a_compressed_body_is_refused_as_such(client):
    problem = refused(client.post("/v1/predict", content=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"}), 415)
    assert problem["detail"] == "The body must not be compressed."


def test_text_documents_and_body_have_limits(tiny_model):
    client = TestClient(create_app(tiny_model, Settings(max_text_characters=10, max_documents=2, max_body_bytes=300)))
    assert client.post("/v1/predict", json={"text": "😀" * 10}).status_code == 200
    for body, sentence in [
        ({"text": f"{SECRET}."}, "text may have at most 10 characters; it has 12."),
        (
            {"documents": [{"id": "a", "text": "Rain."}, {"id": "b", "text": SECRET}]},
            "documents/1/text may have at most 10 characters; it has 11.",
        ),
        ({"documents": [{"id": str(n), "text": "Rain."} for n in range(3)]}, "A request may hold at most 2 documents; this one holds 3."),
        ({"text": SECRET * 30}, "The body may have at most 300 bytes."),
    ]:
        assert refused(client.post("/v1/predict", json=body), 413)["detail"] == sentence


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"text": "Rain.\n-\nFrost.\n-"}, 4),
        ({"text": "Rain. Frost. Rain. Frost.", "split": "sentence"}, 4),
        ({"documents": [{"id": "a", "text": "Rain.\nFrost."}, {"id": "b", "text": "Rain.\nFrost."}]}, 4),
    ],
)
def test_a_request_has_a_limit_of_passages_those_left_out_included(tiny_model, body, found):
    client = TestClient(create_app(tiny_model, Settings(max_passages=3)))
    told = f"A request may hold at most 3 passages; this one holds {found} or more. Send its texts in several."
    assert refused(client.post("/v1/predict", json=body), 413)["detail"] == told
    two = json.dumps({"text": "Rain."}) + "\n" + json.dumps(body)
    lines = client.post("/v1/predict", content=two, headers={"Content-Type": "application/x-ndjson"}).text.splitlines()
    assert "passages" in json.loads(lines[0])
    assert json.loads(lines[1])["detail"] == told
    assert TestClient(create_app(tiny_model, Settings(max_passages=4))).post("/v1/predict", json=body).status_code == 200


def test_a_body_without_length_is_refused_before_all_of_it_is_read(client):
    read = 0

    def chunks():
        nonlocal read
        yield b'{"text": "'
        for _ in range(1000):
            read += 1
            yield b"a" * 100_000

    app, received = client.app, []

    async def call() -> None:
        source = chunks()

        async def receive():
            return {"type": "http.request", "body": next(source), "more_body": True}

        async def send(message):
            received.append(message)

        await app({**PREDICT_SCOPE}, receive, send)

    asyncio.run(call())
    assert received[0]["status"] == 413
    assert read == 80


def test_an_unknown_path_and_a_wrong_method_are_problems(client):
    assert refused(client.get("/v1/frames"), 404)["detail"] == "There is nothing at this address; /openapi.json describes what there is."
    assert refused(client.get("/docs"), 404)
    response = client.get("/v1/predict")
    assert refused(response, 405)["detail"] == "This address takes POST."
    assert response.headers["allow"] == "POST"


def test_a_mistake_of_the_server_is_a_problem_that_tells_nothing(tiny_model):
    class Broken(WordEncoder):
        def encode(self, texts: Sequence[str]) -> EncodedTexts:
            raise RuntimeError(f"cannot encode {texts[0]}")

    client = TestClient(create_app(replace(tiny_model, encoder=Broken()), Settings()), raise_server_exceptions=False)
    response = client.post("/v1/predict", json={"text": SECRET})
    refused(response, 500)
    assert response.headers["x-content-type-options"] == "nosniff"


def test_text_that_the_model_refuses_is_a_problem_at_its_place(tiny_model):
    class Picky(FramingModel):
        def labelling_passages(self, *_: object):
            raise TextError("the text is odd")

    picky = Picky(**{name: getattr(tiny_model, name) for name in tiny_model.__dataclass_fields__})
    problem = refused(TestClient(create_app(picky, Settings())).post("/v1/predict", json={"text": SECRET}), 422)
    assert problem["errors"] == [{"pointer": "/text", "detail": "cannot be labelled: the text is odd"}]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "documents", "split", "id", "x"]), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values)
def test_no_json_value_makes_the_server_fail(client, value):
    response = client.post("/v1/predict", content=json.dumps(value), headers=JSON)
    assert response.status_code in {200, 400, 413, 422}


# --- behaviour ---


def test_the_server_answers_while_a_prediction_runs(tiny_model):
    entered, release = Event(), Event()

    class Waiting(WordEncoder):
        def encode(self, texts: Sequence[str]) -> EncodedTexts:
            entered.set()
            assert release.wait(10)
            return super().encode(texts)

    app = create_app(replace(tiny_model, encoder=Waiting()), Settings())
    with TestClient(app) as client:  # as a context manager, all requests share one event loop
        pending = client.portal.start_task_soon(lambda: asyncio.to_thread(client.post, "/v1/predict", json={"text": "Rain."}))
        assert entered.wait(10)
        assert client.get("/healthz").status_code == 200
        assert not pending.done()
        release.set()
        assert pending.result(10).status_code == 200


def test_a_client_that_leaves_has_what_is_not_yet_read_dropped(tiny_model):
    arrived, release = Event(), Event()
    read: list[str] = []

    class Waiting(WordEncoder):
        def encode(self, texts: Sequence[str]) -> EncodedTexts:
            read.extend(texts)
            arrived.set()
            assert release.wait(10)
            return super().encode(texts)

    app, sent = create_app(replace(tiny_model, encoder=Waiting()), Settings()), []
    body = json.dumps({"text": "\n\n".join(f"Rain on day {number}." for number in range(100))}).encode()

    async def call() -> None:
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if messages:
                return messages.pop()
            if not arrived.is_set():
                await asyncio.Event().wait()  # until the server gives up waiting for news
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await app({**PREDICT_SCOPE}, receive, send)

    asyncio.run(call())
    release.set()
    assert sent[0]["status"] == 499
    assert len(read) <= 8  # what workers had begun


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/model", "/openapi.json", "/nowhere"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_pages_policy_allows_hashes_and_nothing_unsafe(client):
    response = client.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["script-src"].startswith("'sha256-")
    assert policy["style-src"].startswith("'sha256-")
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "http" not in response.headers["content-security-policy"]


# --- description ---


def test_the_description_has_every_address_and_resolves_its_references(client):
    description = client.get("/openapi.json").json()
    assert set(description["paths"]) == {"/v1/predict", "/v1/labels", "/v1/labels/next", "/v1/model", "/healthz", "/readyz"}
    written = json.dumps(description)
    named = {part.partition('"')[0] for part in written.split("#/components/schemas/")[1:]}
    assert named <= set(description["components"]["schemas"])
    assert "code points" in description["info"]["description"]
    assert {"400", "413", "415", "422", "503"} <= set(description["paths"]["/v1/predict"]["post"]["responses"])


def test_the_described_examples_are_valid_and_true_to_their_offsets(client):
    for example in (TEXT_REQUEST, DOCUMENTS_REQUEST):
        PredictRequest.model_validate(example)
        assert client.post("/v1/predict", json=example).status_code == 200
    answer = TextAnswer.model_validate(TEXT_ANSWER)
    for passage in answer.passages:
        for span in (passage, *(one for frame in passage.frames for one in frame.evidence)):
            assert TEXT_REQUEST["text"][span.start : span.end] == span.text
    assert [entry.frame for entry in answer.profile] == [frame.frame for frame in answer.passages[0].frames]


@pytest.mark.skipif(not (ROOT / "models" / "default").is_dir(), reason="the shipped model is not there")
def test_the_described_answer_is_the_shipped_models(default_model):
    answer = default_model.predict(TEXT_REQUEST["text"])
    for said, got in zip(TEXT_ANSWER["passages"], answer.passages, strict=True):
        assert (said["start"], said["end"], said["left_out"]) == (got.start, got.end, got.left_out)
        assert {frame["frame"]: frame["decision"] for frame in said["frames"]} == {frame.frame: frame.decision for frame in got.frames}
        for one, other in zip(said["frames"], got.frames, strict=True):
            assert one["probability"] == pytest.approx(other.probability, abs=0.05)
            assert (one["threshold"], one["floor"]) == pytest.approx((other.threshold, other.floor), abs=0.001)
    assert TEXT_ANSWER["model"] == asdict(answer.model)


# --- settings ---


@pytest.mark.parametrize("name", ["FRAMING_PORT", "FRAMING_HOST", "FRAMING_MODEL"])
def test_a_setting_that_is_empty_counts_as_not_set(monkeypatch, name):
    monkeypatch.setenv(name, "")
    assert load_settings() == Settings()


def test_settings_come_from_the_environment_and_what_is_given_stands_above(monkeypatch):
    monkeypatch.setenv("FRAMING_PORT", "9000")
    monkeypatch.setenv("FRAMING_MAX_DOCUMENTS", "3")
    assert load_settings() == load_settings(port=9000, max_documents=3)
    assert load_settings(port=1).port == 1


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("FRAMING_PORT", "http", "a whole number from 0 (any free port) to 65535"),
        ("FRAMING_PORT", "65536", "a whole number from 0 (any free port) to 65535"),
        ("FRAMING_MAX_TEXT_CHARACTERS", "0", "a whole number of characters a document, 1 or more"),
        ("FRAMING_MAX_DOCUMENTS", "1.5", "a whole number of documents a request, 1 or more"),
        ("FRAMING_MAX_BODY_BYTES", "8MB", "a whole number of bytes a request, 1 or more"),
    ],
)
def test_a_wrong_setting_is_a_sentence_that_says_what_is_accepted(monkeypatch, name, value, accepted):
    monkeypatch.setenv(name, value)
    with pytest.raises(FramingError) as caught:
        load_settings()
    assert str(caught.value) == f"{name} is '{value}'; it must be {accepted}"


def test_all_wrong_settings_are_named_at_once(monkeypatch):
    monkeypatch.setenv("FRAMING_PORT", "x")
    monkeypatch.setenv("FRAMING_MAX_DOCUMENTS", "x")
    with pytest.raises(FramingError) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 2


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(FramingError, match="there is no setting 'prot'; settings are model, multilingual, host, port"):
        load_settings(prot=1)


def test_a_model_of_many_frames_takes_as_many_fewer_passages(tiny_model):
    assert [Settings(max_passages=100).passages_at_most(frames) for frames in (1, 5, 10, 50)] == [100, 100, 50, 10]
    assert Settings(max_passages=1).passages_at_most(50) == 1
    frames = tuple(replace(tiny_model.codebook.frames[0], name=f"rain_{number}") for number in range(10))
    ones = np.ones(10)
    heads = Heads(np.zeros((10, tiny_model.heads.vector_weights.shape[1])), None, -ones, 0.5 * ones, 0.2 * ones)
    many = replace(tiny_model, codebook=Codebook("Rain", frames), heads=heads, vocabulary=None)
    client = TestClient(create_app(many, Settings(max_passages=4)))
    assert client.get("/v1/model").json()["limits"]["max_passages"] == 2
    body = {"text": "Rain.\nFrost.\nRain."}
    told = "A request may hold at most 2 passages; this one holds 3 or more. Send its texts in several."
    assert refused(client.post("/v1/predict", json=body), 413)["detail"] == told
    lines = client.post("/v1/predict", content=json.dumps(body), headers={"Content-Type": "application/x-ndjson"}).text.splitlines()
    assert json.loads(lines[0])["detail"] == told


def test_large_bodies_are_parsed_two_at_a_time():
    at_once, most = 0, 0
    lock = threading.Lock()

    def parse(_number):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.02)
        with lock:
            at_once -= 1

    async def ask():
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(in_turn, parse, number)

    anyio.run(ask)
    assert most == 2
