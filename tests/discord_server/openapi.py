"""Discord's own description of its API, where a copy is at hand: DISCORD_OPENAPI names the file.

Bodies of the bot and answers of the small Discord are held against it, so that neither drifts from the real one.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Json = Any


class OpenApi:
    """Checks bodies against the operations of an OpenAPI 3.1 file."""

    def __init__(self, description: Json) -> None:
        self._components = description["components"]
        self._operations = [
            (method.upper(), re.compile(re.sub(r"\{[^}]+\}", r"[^/]+", path)), operation)
            for path, methods in description["paths"].items()
            for method, operation in methods.items()
            if method in {"get", "put", "post", "patch", "delete"}
        ]

    @classmethod
    def at_hand(cls) -> OpenApi | None:
        """The description, None where there is no copy."""
        path = os.environ.get("DISCORD_OPENAPI")
        return cls(json.loads(Path(path).read_text(encoding="utf-8"))) if path else None

    def violations(self, method: str, path: str, sent: Json, status: int, answered: Json) -> list[str]:
        """What is wrong with a request's body or its answer."""
        found = [op for verb, pattern, op in self._operations if verb == method and pattern.fullmatch(path)]
        if not found:
            return [f"{method} {path}: no such operation"]
        body = found[0].get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        answer = found[0]["responses"].get(str(status), {}).get("content", {}).get("application/json", {}).get("schema")
        pairs = (("sent", body, sent), ("answered", answer, answered))
        return [
            f"{method} {path} {which}: {wrong}"
            for which, schema, value in pairs
            for wrong in self._wrong(schema, value)
        ]

    def _wrong(self, schema: Json, value: Json) -> list[str]:
        if schema is None or value is None:
            return []
        validator = Draft202012Validator({**schema, "components": self._components})
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]
