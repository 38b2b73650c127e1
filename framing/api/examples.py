"""What the API's description shows: requests, and an answer of the shipped model."""

from __future__ import annotations

from typing import Any

_OFFER = "Ankara offered to host both delegations and to put its own draft of a ceasefire on the table."
_PARAGRAPH = f"{_OFFER} The ministers then had lunch in the garden."
_FURNITURE = "Read also: Ten gardens to see this spring"
_ARTICLE = f"{_PARAGRAPH}\n\n{_FURNITURE}"

TEXT_REQUEST: dict[str, Any] = {"text": _ARTICLE}

DOCUMENTS_REQUEST: dict[str, Any] = {
    "documents": [
        {"id": "a-1", "text": "Few in Kyiv believe that Beijing can be an honest broker."},
        {"id": "a-2", "text": "The ministers had lunch in the garden. It rained."},
    ],
    "split": "sentence",
}
LINES_REQUEST = '{"text": "Few in Kyiv believe that Beijing can be an honest broker."}\n{"text": "It rained.", "evidence": false}\n'


LABEL_REQUEST: dict[str, Any] = {"text": _OFFER, "frames": ["peace_mediator"], "coder": "anna"}

LABELS_REQUEST: dict[str, Any] = {
    "labels": [
        {"text": _OFFER, "frames": ["peace_mediator"], "coder": "ben", "document": "a-1", "start": 0, "end": len(_OFFER)},
        {"text": "The ministers had lunch in the garden.", "frames": [], "coder": "ben"},
    ]
}


def _absent(frame: str, probability: float, threshold: float, floor: float) -> dict[str, Any]:
    return {"frame": frame, "probability": probability, "threshold": threshold, "floor": floor, "decision": "absent", "evidence": []}


_PEACE = {
    "frame": "peace_mediator",
    "probability": 1.0,
    "threshold": 0.378,
    "floor": 0.108,
    "decision": "present",
    "evidence": [{"start": 0, "end": len(_OFFER), "text": _OFFER, "probability": 1.0}],
}
_SCORED = {
    "start": 0,
    "end": len(_PARAGRAPH),
    "text": _PARAGRAPH,
    "left_out": None,
    "language": "en",
    "truncated": False,
    "model": "framing:b1b13d7354d3",
    "warnings": [],
    "frames": [_PEACE, _absent("anti_western_alliance", 0.008, 0.417, 0.146), _absent("energy_deal", 0.023, 0.377, 0.337)],
}
_LEFT_OUT = {
    "start": len(_PARAGRAPH) + 2,
    "end": len(_ARTICLE),
    "text": _FURNITURE,
    "left_out": "link to another article",
    "language": "en",
    "truncated": False,
    "model": "",
    "warnings": [],
    "frames": [],
}
TEXT_ANSWER: dict[str, Any] = {
    "passages": [_SCORED, _LEFT_OUT],
    "profile": [
        {"frame": "peace_mediator", "present": 1.0, "unsure": 0.0},
        {"frame": "anti_western_alliance", "present": 0.0, "unsure": 0.0},
        {"frame": "energy_deal", "present": 0.0, "unsure": 0.0},
    ],
    "left_out": 1,
    "model": {
        "name": "framing",
        "version": "b1b13d7354d3",
        "codebook": "2fcdaeedf8aa957b9e1f2e30a4534a229c3a96d2c7f350e6c62b1923db5fb566",
        "run": None,
    },
}
