"""What `framing models follow` tells of itself: a small file beside the folder that it keeps, for whoever serves that folder."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from framing.files import whole_file


@dataclass(frozen=True, slots=True)
class Following:
    """How it went, as of the last time the registry was asked."""

    champion: str | None = None
    """Number of the version that stands in the folder; None before there is one."""
    succeeded: str | None = None
    """When that was last what the registry calls champion; ISO 8601, UTC."""
    problem: str | None = None
    """Why it may not be so now."""


def following_file(folder: str | Path) -> Path:
    """Where the file for `folder` stands, which may be a link."""
    return Path(os.path.abspath(folder) + ".following.json")  # noqa: PTH100 - a link to a folder keeps its own name


def write_following(folder: str | Path, following: Following) -> None:
    """Replace the file, in one step. Raises OSError."""
    with whole_file(following_file(folder)) as beside:
        beside.write_text(json.dumps(asdict(following), ensure_ascii=False) + "\n", encoding="utf-8")


def read_following(folder: str | Path) -> Following | None:
    """What the file says; None where nobody follows into `folder`, or the file is none of ours."""
    try:
        said = json.loads(following_file(folder).read_text(encoding="utf-8"))
        return Following(**said) if all(isinstance(value, str | None) for value in said.values()) else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None
