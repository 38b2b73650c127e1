"""A version of the registry challenges the champion: judged by the rules, written down, and only then promoted."""

from __future__ import annotations

import getpass
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from framing.errors import PromotionRefused, TrainingError
from training import tracking
from training.cache import NO_CACHE, TextCache
from training.compare import compare
from training.comparison import Comparison, Contender, EvaluationSet
from training.halves import evaluation_name, load_evaluation
from training.promote import NO_CHAMPION, Verdict, golden_changes, judge, refused
from training.rules import Rules


@dataclass(frozen=True)
class Challenge:
    """A version, the champion it was held against as things were then, and what came of it; nothing is compared with nobody."""

    version: tracking.Version
    seen: tracking.Throne
    verdict: Verdict
    comparison: Comparison | None = None
    contenders: tuple[Contender, ...] = ()
    """The champion and the challenger, if they were compared."""


def challenge(
    client: tracking.MlflowClient, version: tracking.Version, evaluation: Path | None, rules: Rules, accepted: Collection[int] = (),
    texts: TextCache = NO_CACHE,
) -> Challenge:  # fmt: skip
    """Hold a version against the champion on the same passages; nothing is written. `accepted` are golden answers that may change.

    What keeps the two from being compared is a verdict that refuses. Raises TrainingError if the version is the champion already, or
    `accepted` names a golden answer that the champion has not, and DataError where the passages cannot be read.
    """
    seen = tracking.throne(client)
    if seen.champion is None:
        return Challenge(version, seen, NO_CHAMPION)
    if seen.champion == version.number:
        raise TrainingError(f"version {version.number} is the champion already")
    if evaluation is None:
        return Challenge(version, seen, refused("evaluation", "was not judged: no evaluation passages were given"))
    old, new = (tracking.of_version(client, one) for one in (tracking.version_of(client, seen.champion), version))
    _check_accepted(old, accepted)
    if set(old.model.codebook.names) != set(new.model.codebook.names):
        frames = ", ".join(old.model.codebook.names)
        return Challenge(version, seen, refused("codebook", f"{old.name} labels other frames ({frames}); whoever asks it would miss them"))
    passages = EvaluationSet(evaluation_name(evaluation), load_evaluation(evaluation, old.model.codebook))
    try:
        comparison = compare(old, new, passages, texts=texts)
    except TrainingError as error:
        return Challenge(version, seen, refused("evaluation", str(error)))
    return Challenge(version, seen, judge(comparison, golden_changes(old, new), rules, accepted), comparison, (old, new))


def _check_accepted(champion: Contender, accepted: Collection[int]) -> None:
    unknown = sorted(number for number in accepted if not 1 <= number <= len(champion.golden))
    if unknown:
        raise TrainingError(f"there is no golden answer {unknown[0]}: those of {champion.name} are 1 to {len(champion.golden)}")


def conclude(client: tracking.MlflowClient, tried: Challenge, by: str, because: str | None = None, force: bool = False) -> tracking.Move:
    """Log the comparison, write the reasons on the version, and make it champion if the verdict passed, or by `force`.

    Raises PromotionRefused with what stands against it, or with who was there first.
    """
    verdict, version = tried.verdict, tried.version
    more = {"by": by}
    if tried.comparison is not None:
        more["comparison"] = tracking.log_comparison(tried.comparison, *tried.contenders)
        more["evaluation.sha256"] = tried.comparison.evaluation.dataset.digest
    if force and not verdict.passed:
        more["forced"] = f"{by}: {because}"
    tracking.record_verdict(client, version, verdict, more)
    if not verdict.passed and not force:
        raise PromotionRefused(verdict.refusals)
    kind: tracking.Kind = "promoted" if verdict.passed else "forced"
    return tracking.move_champion(client, tried.seen, version.number, kind, by, because or _why(tried))


def roll_back(client: tracking.MlflowClient, by: str, because: str) -> tracking.Move:
    """Make the version champion that was champion before the one of now. Raises TrainingError if none is known, or it is gone."""
    seen = tracking.throne(client)
    before = tracking.version_of(client, tracking.version_before(seen))
    return tracking.move_champion(client, seen, before.number, "rolled back", by, because)


def _why(tried: Challenge) -> str:
    if tried.comparison is None:
        return "; ".join(reason.text for reason in tried.verdict.reasons)
    return f"every rule lets it, on {tried.comparison.evaluation.name}"


def user() -> str:
    """Who is at the keyboard, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
