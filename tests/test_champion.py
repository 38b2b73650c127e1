"""The alias `champion` on a real registry in SQLite: its moves, the way back, two people at once, and processes that die on the way."""

import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from framing.cli import framing
from framing.errors import PromotionRefused, TrainingError
from tests.conftest import ROOT
from training import tracking
from training.promote import Reason, Verdict

PASSED = Verdict((Reason("macro_f1", True, "no worse"), Reason("f1/rain", True, "better")))
REFUSED = Verdict((Reason("golden", False, "changes"),))


@pytest.fixture
def client(registry):
    """Five versions without models: who is champion does not depend on what they answer."""
    registry.create_registered_model(tracking.REGISTERED)
    for _ in range(5):
        registry.create_model_version(tracking.REGISTERED, source="nowhere")
    return registry


def promote(client, *numbers: str) -> None:
    for number in numbers:
        tracking.move_champion(client, tracking.throne(client), number, "promoted", "ana", "better")


def roll_back(client) -> str:
    seen = tracking.throne(client)
    return tracking.move_champion(client, seen, tracking.version_before(seen), "rolled back", "ben", "complaints").to


def tags(client, number: str) -> dict[str, str]:
    return {key: value for key, value in tracking.version_of(client, number).tags.items() if key.startswith("promotion")}


def test_before_anything_is_registered_there_is_no_champion_and_no_way_back(registry):
    assert tracking.throne(registry) == tracking.Throne(None, ())
    assert tracking.champion(registry) is None
    with pytest.raises(TrainingError, match="there is no champion"):
        tracking.version_before(tracking.throne(registry))


def test_a_verdict_is_written_on_the_version_rule_by_rule_and_moves_nothing(client):
    tracking.record_verdict(client, tracking.version_of(client, "1"), PASSED, {"by": "ana"})
    assert tracking.champion(client) is None
    assert tags(client, "1") == {
        "promotion": "passed",
        "promotion.macro_f1": "passed macro_f1: no worse",
        "promotion.f1/rain": "passed f1/rain: better",
        "promotion.by": "ana",
    }
    tracking.record_verdict(client, tracking.version_of(client, "1"), REFUSED)
    assert tags(client, "1") == {"promotion": "refused", "promotion.golden": "refused golden: changes"}


def test_several_rollbacks_step_down_the_champions_that_there_were(client):
    promote(client, "1", "2", "3")
    assert [roll_back(client), roll_back(client)] == ["2", "1"]
    with pytest.raises(TrainingError, match="version 1 is the first champion on record"):
        roll_back(client)
    promote(client, "4", "5")
    assert roll_back(client) == "4"
    promote(client, "2")
    assert [roll_back(client), roll_back(client)] == ["4", "1"]


def test_a_champion_that_was_set_by_other_means_can_be_rolled_back_to(client):
    promote(client, "1")
    client.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "2")
    promote(client, "3")
    assert roll_back(client) == "2"


def test_where_the_alias_was_moved_by_other_means_the_last_move_on_record_is_told(client):
    promote(client, "1", "2")
    client.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "5")
    told = "version 5 was made champion by other means .*; the last move on record was to version 2: promote the one that is wanted"
    with pytest.raises(TrainingError, match=told):
        roll_back(client)


def test_a_version_that_is_gone_is_not_rolled_back_to(client):
    promote(client, "1", "2")
    client.delete_model_version(tracking.REGISTERED, "1")
    result = CliRunner().invoke(framing, ["models", "rollback"])
    assert result.exit_code == 1
    assert "there is no version 1 of 'framing'" in result.output
    assert tracking.throne(client).champion == "2"


def test_the_history_lists_every_move_newest_first_with_who_and_why(client):
    promote(client, "1", "2")
    result = CliRunner().invoke(framing, ["models", "rollback", "--by", "ben", "--because", "complaints"])
    assert result.output == "version 1 is the champion again, in place of version 2\n"
    lines = CliRunner().invoke(framing, ["models", "history"]).output.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("* version 1 rolled back by ben at 2")
    assert lines[0].endswith(": complaints (before: version 2)")
    assert lines[2].startswith("  version 1 promoted by ana at ")
    assert lines[2].endswith("(before: none)")


def test_whoever_was_first_stays_and_the_other_is_told_who_that_was(client):
    promote(client, "1")
    seen = tracking.throne(client)
    promote(client, "2")
    with pytest.raises(PromotionRefused, match=r"the champion was version 1 and is version 2 now \(version 2 promoted by ana"):
        tracking.move_champion(client, seen, "3", "promoted", "ben", "better")
    assert tracking.throne(client).champion == "2"
    assert len(tracking.throne(client).moves) == 2


class Meeting:
    """A client to which, just before its call `name`, something else happens."""

    def __init__(self, client, name, happens):
        self.client, self.name, self.happens = client, name, happens

    def __getattr__(self, name):
        if name == self.name:
            self.name = ""
            self.happens()
        return getattr(self.client, name)


def test_two_who_begin_at_the_same_moment_see_each_other_and_the_second_moves_nothing(client):
    """Ben has written his record, and then waits, when Ana comes to move the alias."""
    promote(client, "1")
    seen, told = tracking.throne(client), []

    def ana():
        with pytest.raises(PromotionRefused, match="somebody else moves the champion at this moment .version 3 promoted by ben") as refused:
            tracking.move_champion(client, seen, "2", "promoted", "ana", "better")
        told.append(refused)

    tracking.move_champion(Meeting(client, "get_registered_model", ana), seen, "3", "promoted", "ben", "better")
    assert told
    assert tracking.throne(client).champion == "3"


def test_a_move_that_is_overtaken_in_the_last_moment_is_told_so(client):
    """The registry has no compare-and-set; here the other alias call comes right after our own."""
    promote(client, "1")
    seen, calls = tracking.throne(client), []

    class Late(Meeting):
        def __getattr__(self, name):
            calls.append(name)
            if calls[-2:] == ["set_registered_model_alias", "get_registered_model"]:
                self.happens()
            return getattr(self.client, name)

    late = Late(client, "", lambda: client.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "5"))
    with pytest.raises(PromotionRefused, match="version 2 was champion for a moment: version 5 took its place at once"):
        tracking.move_champion(late, seen, "2", "promoted", "ana", "better")


class Killed(BaseException):
    """Stands for the end of the process."""


class Mortal:
    """A client whose process ends at its write number `at`: before it, or when it is `done`."""

    def __init__(self, client, at, done):
        self.client, self.at, self.done, self.writes = client, at, done, []

    def __getattr__(self, name):
        call = getattr(self.client, name)
        if not name.startswith(("set_", "delete_")):
            return call

        def write(*arguments):
            self.writes.append(name)
            if len(self.writes) == self.at and not self.done:
                raise Killed
            call(*arguments)
            if len(self.writes) == self.at:
                raise Killed

        return write


def promotion(client, number: str) -> None:
    seen = tracking.throne(client)
    tracking.record_verdict(client, tracking.version_of(client, number), PASSED)
    tracking.move_champion(client, seen, number, "promoted", "ana", "better")


@pytest.mark.parametrize("done", [False, True])
def test_killed_at_any_write_the_old_champion_or_the_new_one_answers_and_the_way_on_is_open(client, done):
    """The writes: unfinished, two reasons, passed, the record, the alias."""
    promotion(client, "1")
    for at in range(1, 7):
        mortal = Mortal(client, at, done)
        with pytest.raises(Killed):
            promotion(mortal, "2")
        assert len(mortal.writes) == at
        found = tracking.throne(client)
        moved = mortal.writes[-1] == "set_registered_model_alias" and done
        assert found.champion == ("2" if moved else "1")
        assert found.carried_out[-1].to == found.champion
        if tags(client, "2").get("promotion") == "passed":
            assert {"promotion.macro_f1", "promotion.f1/rain"} <= set(tags(client, "2"))
        if not moved:
            promotion(client, "2")
        assert roll_back(client) == "1"
        client.set_model_version_tag(tracking.REGISTERED, "2", "promotion", "cleared")
    assert mortal.writes == ["set_model_version_tag"] * 4 + ["set_registered_model_tag", "set_registered_model_alias"]


DYING = """
import os, signal
from mlflow import MlflowClient
from training import tracking

client = tracking.connect()
whole = MlflowClient.set_registered_model_alias
def dying(*arguments):
    if {done}:
        whole(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
MlflowClient.set_registered_model_alias = dying
tracking.move_champion(client, tracking.throne(client), "2", "promoted", "ana", "better")
"""


@pytest.mark.parametrize(("done", "champion"), [(False, "1"), (True, "2")])
def test_a_process_killed_at_the_alias_leaves_a_record_that_says_what_came_of_it(client, done, champion):
    promote(client, "1")
    ended = subprocess.run([sys.executable, "-c", DYING.format(done=done)], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    found = tracking.throne(client)
    assert found.champion == champion
    assert [move.to for move in found.moves] == ["1", "2"]
    assert (found.moves[1] in found.carried_out) == done
    newest = CliRunner().invoke(framing, ["models", "history"]).output.splitlines()[0]
    assert newest.endswith("not carried out, or undone by other means") == (not done)
    if not done:
        promote(client, "2")
    assert roll_back(client) == "1"
