"""`framing serve` as a process of its own, over a pickled model in place of a folder: `python -m tests.tiny_server --model PICKLE`.

Loading and each text take as many seconds as LOADING_PAUSE and TEXT_PAUSE say, so that there is time to look; GRACE, if given,
is what requests under way get at the end.
"""

from __future__ import annotations

import os
import pickle
import time
from dataclasses import replace

from framing import cli
from framing.api import server
from framing.api.settings import Settings
from framing.api.slot import ServedModel
from tests.tiny_framing import SlowEncoder


def unpickled(settings: Settings) -> ServedModel:
    time.sleep(float(os.environ.get("LOADING_PAUSE", "0")))
    model = pickle.loads(settings.model.read_bytes())
    return ServedModel(replace(model, encoder=SlowEncoder(pause=float(os.environ.get("TEXT_PAUSE", "0")))))


if __name__ == "__main__":
    server.serve.__defaults__ = (unpickled,)
    server.GRACE_SECONDS = int(os.environ.get("GRACE", server.GRACE_SECONDS))
    cli.main()
