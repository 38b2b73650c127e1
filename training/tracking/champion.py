"""The alias `champion`: how it moves, what is written before it does, and what every move leaves behind.

The order of a move, so that a process killed anywhere leaves no half-made champion:

1. The verdict's reasons stand as tags on the version (`record_verdict`); they move nothing.
2. A record of the move is written as one tag of the registered model: from which version to which, who, why.
3. The registry is read again. If the alias moved since the verdict, or somebody else began to move it, the record is taken
   back and nothing happens.
4. The alias moves: one call, which the registry does whole or not at all.
5. The registry is read once more, and whoever moved the alias in the same moment is named.

Killed before 4, the old champion answers, and the record, which the alias does not bear out, is shown as not carried out.
Killed after 4, the move is made and recorded. The registry has no compare-and-set: two processes that both pass 3 before
either does 4 both move the alias; the later one stands, and 5 says so.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from framing.errors import PromotionRefused, TrainingError
from training.learned import Learned
from training.tracking.registry import CHAMPION, REGISTERED, Version, fetch, learned_in, version_of, version_uri
from training.tracking.store import asking, connect

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

    from training.promote import Verdict

_MOVE = "champion.move."
_VERDICT = "promotion"
Kind = Literal["promoted", "forced", "rolled back"]


@dataclass(frozen=True, slots=True)
class Move:
    """The alias is to go from version `before`, if there was one, to version `to`; `at` is ISO 8601 in UTC."""

    to: str
    before: str | None
    kind: Kind
    by: str
    because: str
    at: str
    number: int = 0
    """One more than the highest known when it was written: moves of two people at once may share it."""
    key: str = ""

    def __str__(self) -> str:
        return f"version {self.to} {self.kind} by {self.by} at {self.at}: {self.because}"


@dataclass(frozen=True, slots=True)
class Throne:
    """Who is champion, and every move on record, oldest first, as read in one moment."""

    champion: str | None
    moves: tuple[Move, ...]

    @property
    def carried_out(self) -> tuple[Move, ...]:
        """The moves that led to the champion of now, oldest first: each begins where one before it ended."""
        chain: list[Move] = []
        at, below = self.champion, None
        while move := self._last_to(at, below):
            chain.append(move)
            at, below = move.before, move.number
        return tuple(reversed(chain))

    def _last_to(self, version: str | None, below: int | None) -> Move | None:
        ended = (move for move in reversed(self.moves) if move.to == version and (below is None or move.number < below))
        return next(ended, None)

    @property
    def line(self) -> tuple[str, ...]:
        """The versions that a rollback steps down, the champion last: a promotion puts one on top, a rollback takes it off."""
        line: list[str] = []
        for move in self.carried_out:
            _put_on_top(line, move.before)  # only new there if the alias was moved by other means than these
            if move.kind == "rolled back":
                line.pop()
            _put_on_top(line, move.to)
        _put_on_top(line, self.champion)
        return tuple(line)


def _put_on_top(line: list[str], version: str | None) -> None:
    if version is not None and line[-1:] != [version]:
        line.append(version)


def throne(client: MlflowClient) -> Throne:
    """The champion and the moves on record, in one call to the registry. Raises TrainingError where it cannot say."""
    model = _registered(client)
    if model is None:
        return Throne(None, ())
    moves = [_read_move(key, value) for key, value in model.tags.items() if key.startswith(_MOVE)]
    return Throne(_seated(model), tuple(sorted(moves, key=lambda move: (move.number, move.at, move.key))))


def champion(client: MlflowClient) -> Version | None:
    """The version the alias `champion` points at, if any. Raises TrainingError where the registry cannot say."""
    model = _registered(client)
    number = None if model is None else _seated(model)
    return None if number is None else version_of(client, number)


def fetch_champion(folder: Path) -> tuple[Path, Learned | None]:
    """Copy the champion into `folder`: its model folder there, and what it has learned from. Raises TrainingError if there is none."""
    client = connect()
    version = champion(client)
    if version is None:
        raise TrainingError(f"no version of '{REGISTERED}' is the champion yet; promote one, or name a model folder with --over")
    return fetch(version_uri(version), folder), learned_in(client, version.run)


def _registered(client: MlflowClient) -> RegisteredModel | None:
    from mlflow.exceptions import MlflowException

    with asking("the registry cannot tell who is champion"):
        try:
            return client.get_registered_model(REGISTERED)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None


def _seated(model: RegisteredModel) -> str | None:
    number = model.aliases.get(CHAMPION)
    return None if number is None else str(number)


def _read_move(key: str, value: str) -> Move:
    try:
        return Move(**json.loads(value), key=key)
    except (ValueError, TypeError) as error:
        found = f"the tag {key} of the registered model '{REGISTERED}' is no record of a move that this program knows"
        raise TrainingError(f"{found}; it was written by another version of framing, or by hand") from error


def record_verdict(client: MlflowClient, version: Version, verdict: Verdict, more: Mapping[str, str] | None = None) -> None:
    """Write what each rule says on the version, in place of what an earlier verdict said; the alias stays where it is.

    The tag `promotion` is `unfinished` while the others are written, then `passed` or `refused`. Raises TrainingError where the
    registry cannot be written.
    """
    tags = {f"{_VERDICT}.{reason.rule}": str(reason) for reason in verdict.reasons} | {
        f"{_VERDICT}.{name}": text for name, text in (more or {}).items()
    }
    with asking(f"the verdict on version {version.number} cannot be written, and no champion was made"):
        _tag(client, version, _VERDICT, "unfinished")
        for stale in version.tags:
            if stale.startswith(f"{_VERDICT}.") and stale not in tags:
                client.delete_model_version_tag(REGISTERED, version.number, stale)
        for key, text in tags.items():
            _tag(client, version, key, text)
        _tag(client, version, _VERDICT, "passed" if verdict.passed else "refused")


def _tag(client: MlflowClient, version: Version, key: str, value: str) -> None:
    client.set_model_version_tag(REGISTERED, version.number, key, value)


def move_champion(client: MlflowClient, seen: Throne, to: str, kind: Kind, by: str, because: str) -> Move:
    """Move the alias to version `to`, in the order above; `seen` is how things were when that was decided.

    Raises PromotionRefused if somebody else was there first or came at the same moment, and TrainingError where the registry cannot be
    written.
    """
    number = 1 + max((move.number for move in seen.moves), default=0)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    move = Move(to, seen.champion, kind, by, because, now, number, f"{_MOVE}{number:05}.{secrets.token_hex(4)}")
    with _told(f"version {to} was not made champion"):
        client.set_registered_model_tag(REGISTERED, move.key, _written(move))
        _check_alone(client, seen, move)
    with asking(f"whether version {to} is champion now is not known, `framing models history` will tell"):
        client.set_registered_model_alias(REGISTERED, CHAMPION, to)
    with _told(f"version {to} was made champion, but whether another took its place is not known"):
        after = throne(client)
    if after.champion != to:
        others = _named(_others(after, seen, move))
        raise PromotionRefused([f"version {to} was champion for a moment: version {after.champion} took its place at once{others}"])
    return move


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Whatever the registry refuses inside is told after `what`, also where it is a sentence already."""
    try:
        with asking(what):
            yield
    except TrainingError as error:
        raise TrainingError(str(error) if str(error).startswith(what) else f"{what}: {error}") from error


def _written(move: Move) -> str:
    content = asdict(move)
    del content["key"]
    return json.dumps(content, ensure_ascii=False)


def _check_alone(client: MlflowClient, seen: Throne, move: Move) -> None:
    now = throne(client)
    others = _others(now, seen, move)
    if now.champion == seen.champion and not others:
        return
    client.delete_registered_model_tag(REGISTERED, move.key)
    was, found = (f"version {one}" if one else "none" for one in (seen.champion, now.champion))
    moved = f"the champion was {was} and is {found} now" if was != found else "somebody else moves the champion at this moment"
    raise PromotionRefused([f"{moved}{_named(others)}; nothing was moved here: look at `framing models history`, then ask again"])


def _others(now: Throne, seen: Throne, own: Move) -> list[Move]:
    known = {move.key for move in seen.moves} | {own.key}
    return [move for move in now.moves if move.key not in known]


def _named(moves: Sequence[Move]) -> str:
    return f" ({'; '.join(map(str, moves))})" if moves else ""


def version_before(seen: Throne) -> str:
    """The version that was champion before the one of now. Raises TrainingError if none is known."""
    if seen.champion is None:
        raise TrainingError("there is no champion, so there is nothing to roll back")
    if seen.moves and not seen.carried_out:
        raise TrainingError(
            f"version {seen.champion} was made champion by other means than these commands, so the one before is not known; "
            f"the last move on record was to version {seen.moves[-1].to}: promote the one that is wanted by its number"
        )
    if len(seen.line) < 2:
        raise TrainingError(f"version {seen.champion} is the first champion on record, so there is nothing to go back to")
    return seen.line[-2]
