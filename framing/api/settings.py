"""How the server is set up: environment variables that start with FRAMING_, checked before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from framing.artifact import DEFAULT_FOLDER
from framing.errors import FramingError
from framing.reading_cache import CACHE_BYTES

PREFIX = "FRAMING_"
_FEW_FRAMES = 5


class Settings(BaseSettings):
    """What one server needs to know; each field is read from the variable of its name, in capitals, behind FRAMING_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    model: Path = Field(DEFAULT_FOLDER, description="a model folder")
    multilingual: Path | None = Field(None, description="a model folder, for passages in languages that the other was not trained on")
    host: str = Field("127.0.0.1", min_length=1, description="a host name or address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="a whole number from 0 (any free port) to 65535")
    reload_seconds: float = Field(
        1, ge=0, le=3600, description="a number of seconds, up to 3600, between looks for a new model; 0: never look"
    )
    labels: str | None = Field(None, description="a file, or postgresql+psycopg2://USER@HOST/DATABASE")
    pool: Path | None = Field(None, description="a CSV, JSON lines or Parquet file with a column 'text'")
    max_text_characters: int = Field(200_000, ge=1, description="a whole number of characters a document, 1 or more")
    max_documents: int = Field(64, ge=1, description="a whole number of documents a request, 1 or more")
    max_passages: int = Field(
        10_000, ge=1, description="a whole number of passages a request, 1 or more; for a model of more than 5 frames fewer in proportion"
    )
    max_labels: int = Field(1000, ge=1, description="a whole number of labels a request, 1 or more")
    queue_characters: int = Field(
        1_000_000, ge=1, description="a whole number of characters that wait to be read, 1 or more; a request counts for an eighth at most"
    )
    cache_bytes: int = Field(CACHE_BYTES, ge=0, description="a whole number of bytes for what was read before, 0 for no cache")
    max_body_bytes: int = Field(8_000_000, ge=1, description="a whole number of bytes a request, 1 or more")

    def passages_at_most(self, frames: int) -> int:
        """Passages of a request to a model of so many frames: the answer holds each frame of each."""
        return max(1, self.max_passages * _FEW_FRAMES // max(_FEW_FRAMES, frames))


def load_settings(**given: Any) -> Settings:
    """Settings from the environment; what is `given` stands above it. Raises FramingError with a line for each wrong value."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise FramingError("\n".join(_sentence(str(wrong["loc"][0]), wrong["input"]) for wrong in error.errors())) from error


def _sentence(name: str, value: object) -> str:
    field = Settings.model_fields.get(name)
    if field is None:
        return f"there is no setting '{name}'; settings are {', '.join(Settings.model_fields)}"
    shown = repr(str(value)[:80])
    return f"{PREFIX}{name.upper()} is {shown}; it must be {field.description}"
