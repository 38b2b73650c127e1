"""What an answer depends on beside model and text: the packages that compute it, and the processor."""

from __future__ import annotations

import platform
from importlib.metadata import version

_PACKAGES = ("numpy", "onnxruntime", "py3langid", "sentencex", "tokenizers")
"""Another version of one of these may round, or cut a text, in another way."""


def runtime() -> str:
    """Equal where the same model gives the same bits for the same text, as far as versions tell."""
    return " ".join([platform.machine(), *(f"{package}-{version(package)}" for package in _PACKAGES)])
