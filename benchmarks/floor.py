"""What MLflow takes of a training: a process that trains nothing, logs a run without figures, and registers a model as a version.

Run by `benchmarks.retrain`: python -m benchmarks.floor EMPTY_FOLDER MODEL_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from framing.artifact import read_manifest
from framing.encoder import KINDS
from training.tracking.registry import Version
from training.tracking.runs import Record, log_run


def register(files: Path, model: Path) -> Version:
    """Log a run with the artifacts in `files`, and register `model`. Raises TrainingError."""
    packages = KINDS[str(read_manifest(model).encoder["kind"])].packages
    return log_run(Record("floor", {}, {}, (), (), files, model, {}, packages))


if __name__ == "__main__":
    register(*map(Path, sys.argv[1:]))
