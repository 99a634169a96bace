"""Discord's own description of its API, where a copy is at hand: DISCORD_OPENAPI names the file.

What the bot sends is held against it, as the small Discord here is not as strict as the real one.
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

    def violations(self, method: str, path: str, sent: Json) -> list[str]:
        """What is wrong with a request of the bot."""
        found = [op for verb, pattern, op in self._operations if verb == method and pattern.fullmatch(path)]
        if not found:
            return [f"{method} {path}: no such operation"]
        body = found[0].get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return [f"{method} {path}: {wrong}" for wrong in self._wrong(body, _as_discord_reads(sent))]

    def _wrong(self, schema: Json, value: Json) -> list[str]:
        if schema is None or value is None:
            return []
        validator = Draft202012Validator({**schema, "components": self._components})
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def _as_discord_reads(sent: Json) -> Json:
    """The library writes some ids as numbers; Discord takes them, its description doesn't."""
    if not isinstance(sent, dict):
        return sent
    read = dict(sent)
    if "attachments" in read:
        read["attachments"] = [{**file, "id": str(file["id"])} for file in read["attachments"]]
    if mentions := read.get("allowed_mentions"):
        read["allowed_mentions"] = {**mentions, "users": [str(user) for user in mentions.get("users", [])]}
    if reference := read.get("message_reference"):
        ids = {name: str(value) for name, value in reference.items() if name.endswith("_id")}
        read["message_reference"] = {**reference, **ids}
    if "recipient_id" in read:
        read["recipient_id"] = str(read["recipient_id"])
    return read
