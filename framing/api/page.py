"""The page for analysts: one file, and the policy that allows its own style and script and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

PAGE_FILE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True)
class Page:
    """The page as it is sent, and its Content-Security-Policy."""

    content: bytes
    policy: str


def load_page(path: Path = PAGE_FILE) -> Page:
    """Read the page and allow each `<style>` and `<script>` in it by its hash, so that nothing else can run or style."""
    text = path.read_bytes().decode()
    policy = (
        "default-src 'none'",
        f"script-src {_hashes('script', text)}",
        f"style-src {_hashes('style', text)}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
    return Page(text.encode(), "; ".join(policy))


def _hashes(tag: str, text: str) -> str:
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
