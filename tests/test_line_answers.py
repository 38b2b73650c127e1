"""JSON lines in, answers out: line by line, in order, and little of either held."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from threading import Event

import pytest
from fastapi.testclient import TestClient

from framing.api.app import create_app
from framing.api.body import LINES
from framing.api.queue import AHEAD
from framing.api.settings import Settings
from framing.encoder import EncodedTexts
from framing.model import FramingModel
from framing.text import Passage
from tests.conftest import WordEncoder

PATIENCE = 20
SECRET = "Zanzibarian"
HEADERS = {"Content-Type": LINES}


@pytest.fixture
def client(tiny_model: FramingModel) -> TestClient:
    return TestClient(create_app(tiny_model, Settings(max_body_bytes=2000)))


def ask(client: TestClient, *lines: str | bytes, end: bytes = b"\n") -> list[dict[str, object]]:
    """The answers to lines, each a JSON value."""
    body = end.join(line.encode() if isinstance(line, str) else line for line in lines)
    response = client.post("/v1/predict", content=body, headers=HEADERS)
    assert (response.status_code, response.headers["content-type"]) == (200, LINES)
    assert SECRET not in response.text
    assert response.text.endswith("\n") or not response.text
    return [json.loads(line) for line in response.text.split("\n")[:-1]]


def line(text: str, **fields: object) -> str:
    return json.dumps({"text": text, **fields}, ensure_ascii=False)


# --- answers ---


def test_each_line_is_answered_in_order_as_a_body_of_its_own(client):
    bodies = [
        {"text": "Rain, rain.\n\nFrost."},
        {"text": "Rain on Monday. Clear on Tuesday.", "split": "sentence"},
        {"text": "The rain fell. It was rain.", "evidence": False},
        {"documents": [{"id": "a", "text": "Frost."}, {"id": "b", "text": "Leave a Reply"}]},
    ]
    expected = [client.post("/v1/predict", json=body).json() for body in bodies]
    assert ask(client, *map(json.dumps, bodies)) == expected


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_blank_lines_and_a_missing_last_line_end_do_no_harm(client, end):
    answers = ask(client, "", line("Rain."), "", " ", line("Frost."), end=end)
    assert [answer["passages"][0]["text"] for answer in answers] == ["Rain.", "Frost."]


def test_unicode_line_separators_in_a_text_are_text(client):
    text = "Rain\u2028on the\u2029hill\u0085side."
    (answer,) = ask(client, line(text))
    assert "".join(text.split()) == "".join("".join(passage["text"] for passage in answer["passages"]).split())


def test_no_lines_have_no_answers(client):
    assert ask(client, "") == []


BAD_LINES = {
    "not JSON": ('{"text": "Zanzibarian', 400, "The line is not valid JSON: "),
    "not UTF-8": (b'{"text": "\xff"}', 400, "The line is not valid JSON: "),
    "no object": ("[]", 422, "The line must be a JSON object."),
    "unknown field": (
        '{"txt": "Zanzibarian"}',
        422,
        "The line has an unknown field 'txt'; accepted are text, documents, split and evidence.",
    ),
    "no text": ('{"text": " "}', 422, "text has nothing to label: "),
    "invisible": ('{"text": "\u200b"}', 422, "text cannot be labelled: the text is empty"),
    "too long a line": (line("a" * 2000), 413, "The line may have at most 2,000 bytes."),
}


@pytest.mark.parametrize(("bad", "status", "detail"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_answered_by_a_problem_with_its_number_and_the_others_go_on(client, bad, status, detail):
    first, problem, last = ask(client, line("Rain."), "", bad, line("Frost."))
    assert (problem["status"], problem["line"]) == (status, 3)
    assert problem["type"].startswith("urn:framing:problem:")
    assert problem["detail"].startswith(detail)
    assert [answer["passages"][0]["text"] for answer in (first, last)] == ["Rain.", "Frost."]


def test_a_mistake_of_the_server_is_told_for_its_line_only(tiny_model):
    class Broken(FramingModel):
        def labelling_passages(self, passages: Sequence[Passage], text: str, language: str, evidence: bool = True):
            if SECRET in text:
                raise RuntimeError(text)
            return super().labelling_passages(passages, text, language, evidence)

    broken = Broken(**{name: getattr(tiny_model, name) for name in tiny_model.__dataclass_fields__})
    problem, answer = ask(TestClient(create_app(broken, Settings())), line(SECRET), line("Rain."))
    assert (problem["status"], problem["line"], problem["type"]) == (500, 1, "urn:framing:problem:internal-error")
    assert answer["passages"][0]["text"] == "Rain."


def test_a_body_of_another_type_is_told_what_is_taken(client):
    response = client.post("/v1/predict", content=b"Rain.", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415
    said = "The body must be JSON or JSON lines, and say so by Content-Type: application/json or application/x-ndjson."
    assert response.json()["detail"] == said


def test_a_server_without_a_model_refuses_the_whole_body():
    response = TestClient(create_app(None, Settings())).post("/v1/predict", content=line("Rain."), headers=HEADERS)
    assert (response.status_code, response.json()["type"]) == (503, "urn:framing:problem:not-ready")


# --- streaming ---


class Connection:
    """A request whose body is sent, and whose answers come, piece by piece."""

    def __init__(self, reads: bool = True) -> None:
        self.sent: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()
        self.taken = 0
        """Pieces of the body that the server took."""
        self.begun = False
        """Whether the head of the answer was sent."""
        self.reads = asyncio.Event()
        """Whether the client reads answers; the server cannot send more before."""
        if reads:
            self.reads.set()

    def send(self, *lines: str, more: bool = True) -> None:
        self.sent.put_nowait({"type": "http.request", "body": "".join(f"{one}\n" for one in lines).encode(), "more_body": more})

    def leave(self) -> None:
        self.sent.put_nowait({"type": "http.disconnect"})

    async def answer(self) -> dict[str, object]:
        return json.loads(await asyncio.wait_for(self.answers.get(), PATIENCE))

    async def _receive(self) -> dict[str, object]:
        message = await self.sent.get()
        self.taken += 1
        return message

    async def _send(self, message: dict[str, object]) -> None:
        self.begun = True
        if message.get("body"):
            await self.reads.wait()
            self.answers.put_nowait(message["body"])

    def request(self, app) -> Awaitable[None]:
        scope = {
            "type": "http", "method": "POST", "path": "/v1/predict", "raw_path": b"/v1/predict", "query_string": b"", "root_path": "",
            "headers": [(b"content-type", LINES.encode())], "http_version": "1.1", "scheme": "http", "server": ("t", 80),
        }  # fmt: skip
        return asyncio.ensure_future(app(scope, self._receive, self._send))


class Gated(WordEncoder):
    """Waits for `gate` before each text, says by `arrived` that one waits, and notes what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update(gate=Event(), arrived=Event(), read=[])

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        self.__dict__["arrived"].set()
        self.__dict__["gate"].wait(PATIENCE)
        self.__dict__["read"] += texts
        return super().encode(texts)


def run(scenario: Callable[[Connection], Awaitable[None]]) -> None:
    async def whole() -> None:
        await asyncio.wait_for(scenario(Connection()), 2 * PATIENCE)

    asyncio.run(whole())


async def until_idle(*connections: Connection) -> None:
    """Until the server takes no more of what has been sent."""
    before = -1
    while (taken := sum(connection.taken for connection in connections)) != before:
        before = taken
        for _ in range(20):
            await asyncio.sleep(0)


def test_a_line_is_answered_before_the_next_one_is_sent(tiny_model):
    async def scenario(connection: Connection) -> None:
        request = connection.request(create_app(tiny_model, Settings()))
        for text in ("Rain.", "Frost.", "Clear sky."):
            connection.send(line(text))
            assert (await connection.answer())["passages"][0]["text"] == text
        connection.send(more=False)
        await request

    run(scenario)


def test_no_more_is_taken_in_than_is_soon_answered(tiny_model):
    model = replace(tiny_model, encoder=Gated())

    async def scenario(connection: Connection) -> None:
        request = connection.request(create_app(model, Settings(cache_bytes=0)))
        pieces = 4 * AHEAD // 1200
        for number in range(pieces):
            connection.send(line(f"{number} ".ljust(1000, "x"), split="none"), more=number + 1 < pieces)
        await until_idle(connection)
        assert AHEAD // 1200 <= connection.taken <= AHEAD // 1200 + 1
        model.encoder.gate.set()
        await request
        texts = [json.loads(connection.answers.get_nowait())["passages"][0]["text"] for _ in range(pieces)]
        assert [int(text.split()[0]) for text in texts] == list(range(pieces))

    run(scenario)


def test_streams_that_nobody_reads_hold_no_more_together_than_may_wait_and_stop_no_other(tiny_model):
    """Each line costs a hundredth of the limit."""

    async def scenario(read: Connection) -> None:
        app = create_app(tiny_model, Settings(queue_characters=30_000))
        slow = [Connection(reads=False) for _ in range(10)]
        requests = [one.request(app) for one in slow]
        for number in range(60):
            for one in slow:
                one.send(line(f"{number} rain".ljust(100, "."), split="none"), more=number < 59)
        await until_idle(*slow)
        held = [one.taken - 1 for one in slow]  # the last piece waits for room
        assert sum(held) <= 100 + len(slow)
        assert min(held) >= 1

        requests.append(read.request(app))
        for number in range(60):
            read.send(line(f"{number} frost".ljust(100, "."), split="none"), more=number < 59)
        assert [(await read.answer())["passages"][0]["text"].split()[0] for _ in range(60)] == [str(number) for number in range(60)]

        for one in slow:
            one.reads.set()
        await asyncio.gather(*requests)
        for one in slow:
            texts = [json.loads(one.answers.get_nowait())["passages"][0]["text"] for _ in range(60)]
            assert [int(text.split()[0]) for text in texts] == list(range(60))

    run(scenario)


def test_an_answer_begins_when_the_first_piece_of_the_body_has_come(tiny_model):
    async def scenario(connection: Connection) -> None:
        request = connection.request(create_app(tiny_model, Settings()))
        await until_idle(connection)
        assert not connection.begun
        connection.send(more=False)
        await request
        assert connection.begun

    run(scenario)


def test_a_client_that_leaves_before_its_body_is_not_answered(tiny_model):
    async def scenario(connection: Connection) -> None:
        request = connection.request(create_app(tiny_model, Settings()))
        connection.leave()
        await request
        assert not connection.begun

    run(scenario)


def test_a_line_that_costs_more_than_is_taken_ahead_is_answered_too(tiny_model):
    async def scenario(connection: Connection) -> None:
        request = connection.request(create_app(tiny_model, Settings()))
        connection.send(line("rain " * (AHEAD // 4)), line("Frost."), more=False)
        assert (await connection.answer())["passages"][0]["truncated"] is True
        assert (await connection.answer())["passages"][0]["text"] == "Frost."
        await request

    run(scenario)


def test_a_client_that_leaves_while_it_waits_has_the_rest_dropped(tiny_model):
    model = replace(tiny_model, encoder=Gated())

    async def scenario(connection: Connection) -> None:
        request = connection.request(create_app(model, Settings()))
        connection.send(*(line(f"Rain {number}.") for number in range(50)), more=False)
        assert await asyncio.to_thread(model.encoder.arrived.wait, PATIENCE)
        connection.leave()
        await request
        model.encoder.gate.set()
        assert connection.answers.empty()

    run(scenario)
    assert len(model.encoder.read) <= 8  # what workers had begun


def test_a_client_that_leaves_in_the_middle_of_its_body_ends_the_request(tiny_model):
    async def scenario(connection: Connection) -> None:
        request = connection.request(create_app(tiny_model, Settings()))
        connection.send(line("Rain."))
        assert await connection.answer()
        connection.leave()
        await request

    run(scenario)


def test_lines_wait_where_single_requests_are_refused(tiny_model):
    model = replace(tiny_model, encoder=Gated())

    async def scenario(connection: Connection) -> None:
        app = create_app(model, Settings(queue_characters=1))
        with TestClient(app) as client:
            first = asyncio.ensure_future(asyncio.to_thread(client.post, "/v1/predict", json={"text": "Rain."}))
            assert await asyncio.to_thread(model.encoder.arrived.wait, PATIENCE)
            request = connection.request(app)
            connection.send(line("Frost."), more=False)
            refused = await asyncio.to_thread(client.post, "/v1/predict", json={"text": "Rain."})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["type"] == "urn:framing:problem:busy"
            model.encoder.gate.set()
            assert (await connection.answer())["passages"][0]["text"] == "Frost."
            await request
            assert (await first).status_code == 200

    run(scenario)
