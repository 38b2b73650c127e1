"""A new model in the folder: loaded and checked beside the old one, and no answer is lost or mixed."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from framing.api.reload import ModelWatch
from framing.api.server import keep_looking, load_served
from framing.api.settings import Settings
from framing.api.slot import ModelSlot, ServedModel
from framing.artifact import CARD_FILE, GOLDEN_FILE, MANIFEST_FILE, Manifest, _digest, _sha256, load_model, read_manifest
from framing.codebook import Codebook
from framing.files import point_link
from framing.following import Following, write_following
from framing.saved_heads import HEADS_FILE
from tests.test_server import PATIENCE, Running, start, stop
from tests.tiny_folder import WEATHER, save_tiny

__all__ = ["start"]  # a fixture

TEXT = "Rain fell.\n\nFrost fell all day."
OFTEN = {"FRAMING_RELOAD_SECONDS": "0.05"}


def watch_over(folder: Path, load=load_served, **settings) -> ModelWatch:
    watch = ModelWatch(Settings(model=folder, **settings), ModelSlot(), load)
    watch.fill()
    return watch


def watch_while_moved(live: Path, meanwhile: list[Path]) -> ModelWatch:
    """One over a link that leads to the last of `meanwhile` by the time a model has been read, as long as there are any."""

    def load_slowly(settings: Settings) -> ServedModel:
        served = load_served(settings)
        if meanwhile:
            point_link(live, meanwhile.pop())
        return served

    return watch_over(live, load_slowly)


def put_golden(folder: Path, answers: list[dict]) -> None:
    """Give a model folder other golden answers, and make all digests fit them."""
    (folder / GOLDEN_FILE).write_text(json.dumps(answers))
    content = json.loads((folder / MANIFEST_FILE).read_text())
    content["files"][GOLDEN_FILE] = _sha256(folder / GOLDEN_FILE)
    (folder / MANIFEST_FILE).write_text(json.dumps(content | {"digest": _digest(Manifest(**content))}))


def look(watch: ModelWatch) -> ModelSlot:
    """The slot after the two looks that a change takes."""
    watch.look()
    watch.look()
    return watch._slot


def answers_of(folder: Path) -> list[float]:
    """What the model of a folder answers for TEXT: the probabilities of all its passages and frames."""
    return [frame.probability for passage in load_model(folder).predict(TEXT).passages for frame in passage.frames]


def wait_until(server: Running, what, seconds: float = PATIENCE) -> dict:
    """The first answer of /readyz that fits; it is 200 all the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ready = httpx.get(f"{server.url}/readyz").raise_for_status().json()
        if what(ready):
            return ready
        time.sleep(0.02)
    raise AssertionError(f"/readyz still says {ready}")


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A link to a model folder, as `framing models follow` keeps it."""
    save_tiny(tmp_path / "one", 0.0)
    save_tiny(tmp_path / "two", -1.0)
    point_link(tmp_path / "live", tmp_path / "one")
    return tmp_path / "live"


def test_under_load_every_answer_is_given_and_is_of_one_model_while_it_is_changed_to_and_fro(start, live, tmp_path):
    versions = {read_manifest(tmp_path / name).version: name for name in ("one", "two")}
    expected = {version: answers_of(tmp_path / name) for version, name in versions.items()}
    assert len({tuple(answer) for answer in expected.values()}) == 2
    server = start(folder=live, **OFTEN)
    server.wait_for("/readyz")
    done = threading.Event()
    seen: list[str] = []

    def ask() -> None:
        body = {"documents": [{"id": str(number), "text": TEXT} for number in range(8)]}
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
            while not done.is_set():
                answer = client.post("/v1/predict", json=body)
                assert answer.status_code == 200, answer.text
                version = answer.json()["model"]["version"]
                for document in answer.json()["documents"]:
                    given = [frame["probability"] for passage in document["passages"] for frame in passage["frames"]]
                    assert given == pytest.approx(expected[version], abs=1e-12)
                    assert {passage["model"] for passage in document["passages"]} == {f"tiny:{version}"}
                seen.append(version)

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        try:
            for _ in range(3):
                for version, name in reversed(versions.items()):
                    point_link(live, tmp_path / name)
                    wait_until(server, lambda ready, version=version: ready["model"]["version"] == version)
                    before = len(seen)  # the next four may still be of the model before
                    while len(seen) < before + 8 and not any(one.done() for one in asking):
                        time.sleep(0.01)
        finally:
            done.set()
        for one in asking:
            one.result()
    changes = sum(one != other for one, other in zip(seen, seen[1:], strict=False))
    assert set(seen) == set(versions)
    assert changes >= 5
    _, code, written = stop(server)
    assert (code, "Traceback" in written) == (0, False)
    assert written.count("Now answers: tiny:") == 6


def test_a_broken_version_leaves_the_old_one_says_so_once_and_a_good_one_then_answers(start, live, tmp_path):
    server = start(folder=live, **OFTEN)
    server.wait_for("/readyz")
    shutil.copytree(tmp_path / "two", tmp_path / "broken")
    (tmp_path / "broken" / HEADS_FILE).write_bytes(b"nothing")
    point_link(live, tmp_path / "broken")
    ready = wait_until(server, lambda ready: ready["problem"])
    assert ready["status"] == "ready"
    assert ready["model"]["version"] == read_manifest(tmp_path / "one").version
    assert ready["problem"].endswith("broken/heads.npz: was altered: its sha256 is not the one in the manifest")
    answer = httpx.post(f"{server.url}/v1/predict", json={"text": TEXT}).raise_for_status().json()
    assert answer["model"] == ready["model"]
    for _ in range(3):  # the same again and again is told once
        (tmp_path / "broken" / CARD_FILE).touch()
        time.sleep(0.2)
    point_link(live, tmp_path / "two")
    ready = wait_until(server, lambda ready: not ready["problem"])
    assert ready["model"]["version"] == read_manifest(tmp_path / "two").version
    _, code, written = stop(server)
    assert (code, written.count("cannot be used"), "Traceback" in written) == (0, 1, False)


def test_a_new_model_takes_over_and_the_old_one_is_freed(live, tmp_path):
    watch = watch_over(live)
    old = weakref.ref(watch._slot.current.model)
    point_link(live, tmp_path / "two")
    assert look(watch).current.model.identity.version == read_manifest(tmp_path / "two").version
    assert old() is None


def test_a_request_under_way_keeps_the_model_that_it_began_with(live, tmp_path):
    watch = watch_over(live)
    begun = watch._slot.current
    point_link(live, tmp_path / "two")
    assert look(watch).current is not begun
    shutil.rmtree(tmp_path / "one")
    assert begun.model.predict(TEXT).model.version == begun.model.identity.version


def test_a_folder_that_stays_as_it_is_is_loaded_once(live):
    loaded: list[Settings] = []
    watch = watch_over(live, lambda settings: loaded.append(settings) or load_served(settings))
    look(watch)
    look(watch)
    assert len(loaded) == 1


def test_a_folder_that_is_written_over_by_a_new_training_is_noticed(tmp_path):
    save_tiny(tmp_path / "model", 0.0)
    watch = watch_over(tmp_path / "model")
    manifest = save_tiny(tmp_path / "model", 1.0)
    assert look(watch).current.model.identity.version == manifest.version


def test_a_copy_under_way_is_left_alone_a_half_one_is_told_and_a_whole_one_answers(live, tmp_path):
    watch = watch_over(live)
    (tmp_path / "half").mkdir()
    shutil.copy(tmp_path / "two" / MANIFEST_FILE, tmp_path / "half")
    point_link(live, tmp_path / "half")
    watch.look()
    for name in ("codebook.json", "terms.json"):
        shutil.copy(tmp_path / "two" / name, tmp_path / "half")
        watch.look()
    assert watch._slot.problem is None
    slot = look(watch)
    assert slot.problem.endswith("is missing")
    assert slot.current.model.identity.version == read_manifest(tmp_path / "one").version
    shutil.copytree(tmp_path / "two", tmp_path / "half", dirs_exist_ok=True)
    slot = look(watch)
    assert slot.problem is None
    assert slot.current.model.identity.version == read_manifest(tmp_path / "two").version


def test_a_folder_that_is_gone_leaves_the_model_and_the_same_one_brought_back_is_no_problem(tmp_path):
    save_tiny(tmp_path / "model", 0.0)
    watch = watch_over(tmp_path / "model")
    (tmp_path / "model").rename(tmp_path / "aside")
    assert "manifest.json: cannot be read (No such file or directory)" in look(watch).problem
    assert watch._slot.current is not None
    (tmp_path / "aside").rename(tmp_path / "model")
    assert look(watch).problem is None


def test_a_model_that_no_longer_gives_its_golden_answers_is_refused(live, tmp_path):
    watch = watch_over(live)
    put_golden(tmp_path / "two", [{"text": "Rain.", "probabilities": [0.1, 0.1]}])
    point_link(live, tmp_path / "two")
    assert "golden answer 1 for 'rain' is off by" in look(watch).problem


def test_what_was_read_while_somebody_wrote_never_answers(live, tmp_path):
    meanwhile: list[Path] = []
    watch = watch_while_moved(live, meanwhile)
    save_tiny(tmp_path / "three", 2.0)
    meanwhile.append(tmp_path / "three")
    point_link(live, tmp_path / "two")
    assert look(watch).current.model.identity.version == read_manifest(tmp_path / "one").version
    assert look(watch).current.model.identity.version == read_manifest(tmp_path / "three").version


def test_a_model_that_is_put_back_while_another_is_read_answers_in_the_end(live, tmp_path):
    meanwhile: list[Path] = []
    watch = watch_while_moved(live, meanwhile)
    meanwhile.append(tmp_path / "one")
    point_link(live, tmp_path / "two")
    look(watch)
    point_link(live, tmp_path / "two")
    assert look(watch).current.model.identity.version == read_manifest(tmp_path / "two").version


def test_an_error_that_nobody_foresaw_leaves_the_old_model_too(live, tmp_path):
    def load(settings: Settings) -> ServedModel:
        if settings.model.resolve() == tmp_path / "two":
            raise MemoryError("cannot allocate 30 MB")
        return load_served(settings)

    watch = watch_over(live, load)
    point_link(live, tmp_path / "two")
    assert look(watch).problem == "MemoryError: cannot allocate 30 MB"
    assert watch._slot.current is not None


@pytest.mark.parametrize("named", [True, False])
def test_a_fallback_that_reads_for_users_is_renewed_and_not_lost_when_its_folder_breaks(live, tmp_path, named):
    beside = tmp_path / "live-multilingual"
    save_tiny(beside, 0.0, ["de"])
    watch = watch_over(live, **({"multilingual": beside} if named else {}))
    fresh = save_tiny(beside, -1.0, ["de", "nl"])
    assert look(watch).current.model.fallback.identity.version == fresh.version
    (beside / HEADS_FILE).write_bytes(b"nothing")
    point_link(live, tmp_path / "two")
    slot = look(watch)
    assert "live-multilingual/heads.npz: was altered" in slot.problem
    assert slot.current.model.fallback.identity.version == fresh.version
    assert slot.current.model.identity.version == read_manifest(tmp_path / "one").version


def test_a_fallback_that_nobody_named_goes_with_its_folder_and_comes_with_it(live, tmp_path):
    watch = watch_over(live)
    assert watch._slot.current.model.fallback is None
    save_tiny(tmp_path / "live-multilingual", 0.0, ["de"])
    assert look(watch).current.model.fallback is not None
    shutil.rmtree(tmp_path / "live-multilingual")
    assert look(watch).current.model.fallback is None


def test_a_model_of_other_frames_than_its_fallback_is_told_by_the_frames(live, tmp_path):
    save_tiny(tmp_path / "live-multilingual", 0.0, ["de"])
    watch = watch_over(live)
    save_tiny(tmp_path / "other", 0.0, codebook=Codebook("Rain", WEATHER.frames[:1]))
    point_link(live, tmp_path / "other")
    assert "labels rain, frost; the fallback of a model has the same frames" in look(watch).problem


def test_what_the_follower_says_is_shown_beside_the_model_that_answers(start, live):
    server = start(folder=live, FRAMING_RELOAD_SECONDS="0")  # whether or not it looks for another model
    assert server.wait_for("/readyz").json()["following"] is None
    write_following(live, Following("12", "2026-11-26T15:40:00+00:00", "the MLflow registry cannot be asked: no route"))
    ready = wait_until(server, lambda ready: ready["following"])
    assert (ready["status"], ready["problem"]) == ("ready", None)
    assert ready["following"] == {
        "champion": "12", "succeeded": "2026-11-26T15:40:00+00:00", "problem": "the MLflow registry cannot be asked: no route",
    }  # fmt: skip


def test_a_relative_folder_is_the_one_that_it_was_when_the_server_started(live, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    watch = watch_over(Path("live"))
    monkeypatch.chdir("/")
    point_link(live, tmp_path / "two")
    assert look(watch).problem is None
    assert look(watch).current.model.identity.version == read_manifest(tmp_path / "two").version


def test_a_look_that_fails_is_told_once_and_is_not_the_last(live, monkeypatch, caplog):
    looks: list[None] = []

    def fail() -> None:
        looks.append(None)
        raise RuntimeError("can't start new thread")

    watch = watch_over(live)
    monkeypatch.setattr(watch, "look", fail)
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(keep_looking(watch, 0.01), 0.5))
    assert len(looks) > 1
    told = [record.getMessage() for record in caplog.records]
    assert told == ["It could not be looked whether there is a new model (RuntimeError: can't start new thread)"]


def test_zero_seconds_is_never(live, monkeypatch):
    watch = watch_over(live)
    looks: list[None] = []
    monkeypatch.setattr(watch, "look", lambda: looks.append(None))
    asyncio.run(asyncio.wait_for(keep_looking(watch, 0), PATIENCE))
    assert looks == []
