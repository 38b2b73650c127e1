"""A comparison as a run of its own, beside the runs that it compares."""

from __future__ import annotations

from training.comparison import Comparison, Contender
from training.comparison_report import comparison_page, flips_table, verdict_sentence
from training.record import metrics_of
from training.tracking.runs import tag_evaluation
from training.tracking.store import asking


def log_comparison(comparison: Comparison, old: Contender, new: Contender) -> str:
    """Log the figures, the passages answered otherwise and the page in a run tagged as a comparison; returns the run's id.

    Raises TrainingError where the store cannot be written.
    """
    import mlflow

    with asking("the comparison could not be logged to MLflow"), mlflow.start_run(run_name=f"{new.name} against {old.name}") as run:
        tag_evaluation(comparison.evaluation)
        mlflow.set_tags({"kind": "comparison", "verdict": verdict_sentence(comparison)} | _who("old", old) | _who("new", new))
        for side in ("old", "new", "difference"):
            mlflow.log_metrics(metrics_of({name: getattr(change, side) for name, change in comparison.changes.items()}, f"{side}/"))
        mlflow.log_metric("flips", len(comparison.flips))
        if comparison.flips:
            mlflow.log_table(flips_table(comparison), "tables/flips.json")
        mlflow.log_text(comparison_page(comparison), "comparison.html")
    return str(run.info.run_id)


def _who(side: str, contender: Contender) -> dict[str, str]:
    """What is known of one side, as tags."""
    tags = {"": contender.name, ".model": str(contender.model.identity), ".run": contender.run, ".version": contender.version}
    return {f"comparison.{side}{key}": value for key, value in tags.items() if value is not None}
