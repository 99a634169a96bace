"""A job as its row holds it: columns to fields, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Protocol

from storage.engine.database import Row
from storage.jobs.job import Fallback, Job, Position, R


class Codec(Protocol[R]):
    """How what a job asks for is written into its row, and read from there."""

    def read(self, text: str) -> R:
        """Read what `write` has written; a `ValueError` when that can't be read."""
        ...

    def write(self, request: R) -> str:
        """Write it as JSON."""
        ...

    def bare(self, request: R) -> str:
        """Write as JSON what may be kept of it once its person is forgotten."""
        ...

    def voice(self, request: R) -> str | None:
        """The key of the voice in which its text is spoken; None when it has no text."""
        ...


class DamagedRow(ValueError):
    """A row that holds something else than a job."""


COLUMNS = ", ".join(
    "stage" if field.name == "position" else field.name for field in fields(Job) if field.name != "moved_at"
)


def read_job(row: Row, codec: Codec[R]) -> Job[R]:
    """The job in a row of `jobs` with the columns of `COLUMNS`; `DamagedRow` when there is none."""
    values: dict[str, Any] = dict(row)
    try:
        values["position"] = Position.read(values.pop("stage"))
        values["request"] = codec.read(values["request"])
        values["fallbacks"] = tuple(
            Fallback(other["provider"], codec.read(other["request"])) for other in json.loads(values["fallbacks"])
        )
        values["yields"] = _texts(json.loads(values["yields"]))
        values["role_ids"] = frozenset(json.loads(values["role_ids"]))
        values["restored"] = bool(values["restored"])
        values["opens_thread"] = bool(values["opens_thread"])
        values["card_due"] = bool(values["card_due"])
        values["for_media"] = bool(values["for_media"])
        values["has_unnamed_costs"] = bool(values["has_unnamed_costs"])
        values["cost_usd"] = None if values["cost_usd"] is None else Decimal(values["cost_usd"])
        return Job(**values)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise DamagedRow(f"job {row['id']}: {type(error).__name__}") from error


def written(values: Mapping[str, Any], codec: Codec[R]) -> dict[str, Any]:
    """Fields of a job as their columns hold them."""
    columns = {"stage" if name == "position" else name: _written(name, value, codec) for name, value in values.items()}
    if "request" in values:
        columns |= {"bare_request": codec.bare(values["request"]), "voice": codec.voice(values["request"])}
    return columns


def assignments(columns: Mapping[str, Any]) -> str:
    """These columns as an UPDATE sets them, with parameters of their names."""
    return ", ".join(f"{name} = :{name}" for name in columns)


def _written(name: str, value: Any, codec: Codec[R]) -> object:
    match name:
        case "request":
            return codec.write(value)
        case "fallbacks":
            return json.dumps([{"provider": other.provider, "request": codec.write(other.request)} for other in value])
        case "yields":
            return json.dumps(dict(value))
        case "role_ids":
            return json.dumps(sorted(value))
        case "position" | "cost_usd":
            return None if value is None else str(value)
    return value


def _texts(found: object) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("not a mapping of texts")
    return found
