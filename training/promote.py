"""Whether a challenger may take the champion's place: the rules applied to a comparison, with a reason for each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from framing.errors import TrainingError
from framing.prediction import DECISIONS
from training.comparison import Change, Comparison, Contender
from training.comparison_report import signed
from training.intervals import FEWEST_GROUPS
from training.rules import GOLDEN, Limit, Rules

_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Reason:
    """What one rule says: its name, whether it lets the challenger pass, and a sentence."""

    rule: str
    passed: bool
    text: str

    def __str__(self) -> str:
        return f"{'passed' if self.passed else 'refused'} {self.rule}: {self.text}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all rules say of a challenger; it passes if each lets it."""

    reasons: tuple[Reason, ...]

    @property
    def passed(self) -> bool:
        return all(reason.passed for reason in self.reasons)

    @property
    def refusals(self) -> tuple[str, ...]:
        """What stands against it."""
        return tuple(f"{reason.rule}: {reason.text}" for reason in self.reasons if not reason.passed)


@dataclass(frozen=True, slots=True)
class GoldenChange:
    """A golden text of the champion that the challenger decides otherwise; `number` counts from 1 as in its folder."""

    number: int
    text: str
    decisions: tuple[str, ...]

    def __str__(self) -> str:
        excerpt = self.text if len(self.text) <= _EXCERPT else f"{self.text[:_EXCERPT]}…"
        return f"{self.number} ({' '.join(excerpt.split())}): {', '.join(self.decisions)}"


NO_CHAMPION = Verdict((Reason("champion", True, "there is none yet"),))


def judge(comparison: Comparison, golden: Sequence[GoldenChange], rules: Rules, accepted: Collection[int] = ()) -> Verdict:
    """Apply the rules to the champion (old) and the challenger (new); `accepted` are golden answers that may change."""
    reasons = [_on_what(comparison)]
    for limit in rules.limits:
        names = [f"{limit.measure}/{frame}" for frame in comparison.frames] if limit.by_frame else [limit.measure]
        reasons += [_hold(limit, name, comparison.changes[name]) for name in names]
    reasons += [
        Reason(f"frame/{frame}", False, "no evaluation passage carries it, so nothing is known of it") for frame in _unlabelled(comparison)
    ]
    if rules.golden_unchanged:
        reasons.append(_hold_golden(golden, accepted))
    return Verdict(tuple(reasons))


def refused(rule: str, text: str) -> Verdict:
    """The verdict where there is nothing to apply the rules to."""
    return Verdict((Reason(rule, False, text),))


def golden_changes(champion: Contender, challenger: Contender) -> tuple[GoldenChange, ...]:
    """The champion's golden texts that the two decide otherwise now, on this machine. Both have the same frames.

    Raises TrainingError where they have not.
    """
    frames, texts = champion.model.codebook.names, [answer.text for answer in champion.golden]
    if set(frames) != set(challenger.model.codebook.names):
        raise TrainingError(f"{champion.name} and {challenger.name} label other frames, so their golden answers cannot be compared")
    columns = [challenger.model.codebook.names.index(frame) for frame in frames]
    old, new = champion.model.read(texts).decisions, challenger.model.read(texts).decisions[:, columns]
    found = []
    for row in np.flatnonzero((old != new).any(axis=1)):
        decisions = [
            f"{frame} {DECISIONS[old[row, at]]} → {DECISIONS[new[row, at]]}"
            for at, frame in enumerate(frames)
            if old[row, at] != new[row, at]
        ]
        found.append(GoldenChange(int(row) + 1, texts[row], tuple(decisions)))
    return tuple(found)


def _unlabelled(comparison: Comparison) -> list[str]:
    """The frames that no passage carries: an F1 of 0 for both models would look like no loss."""
    labels = comparison.answers[0].labels
    return [frame for at, frame in enumerate(comparison.frames) if not labels[:, at].any()]


def _on_what(comparison: Comparison) -> Reason:
    passages = comparison.evaluation
    size = f"{len(passages.dataset)} passages in {comparison.groups} groups"
    said = f"both answered {passages.name}: {size}, digest {passages.dataset.digest[:16]}"
    return Reason("evaluation", True, ". ".join([said, *comparison.notes]).rstrip("."))


def _hold(limit: Limit, name: str, change: Change) -> Reason:
    if change.lost is None:
        return Reason(name, False, "cannot be measured on these passages")
    said = f"{change.old.value:.3f} → {change.new.value:.3f}, {signed(change.difference)}"
    if limit.confidence is None:
        return Reason(name, change.lost <= limit.loss, f"{said}; may be worse by {limit.loss:g}")
    kept = within(change, limit.loss)
    if kept is None:
        return Reason(name, False, f"{said}; a confidence needs passages in {FEWEST_GROUPS} groups or more")
    rule = f"worse by at most {limit.loss:g} in {kept:.0%} of resamples; {limit.confidence:.0%} are asked for"
    return Reason(name, kept >= limit.confidence, f"{said}; {rule}")


def within(change: Change, loss: float) -> float | None:
    """The share of resamples, of those with anything to measure, in which no more than `loss` is lost; None without resamples."""
    losses = change.losses[~np.isnan(change.losses)]
    return float((losses <= loss).mean()) if len(losses) else None


def _hold_golden(golden: Sequence[GoldenChange], accepted: Collection[int]) -> Reason:
    open_ = [str(change) for change in golden if change.number not in accepted]
    taken = [str(change) for change in golden if change.number in accepted]
    if open_:
        return Reason(GOLDEN, False, f"the champion's golden answers change: {'; '.join(open_)} (read them, then --accept-golden NUMBER)")
    return Reason(
        GOLDEN, True, f"changed and accepted: {'; '.join(taken)}" if taken else "the champion's golden answers are decided as before"
    )
