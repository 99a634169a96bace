"""The settings: whether they can be read, and whether a name among them is a typo."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from bot.app.settings import Settings
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, ill, ok, warning

ALIKE = 0.85  # HTTP_PROXY and HTTP_PORT are less
OF_OTHERS = "AWS_"  # which the library for buckets reads


def check_names(environment: Mapping[str, str], mistakes: str) -> list[Finding]:
    """What can't be read of the settings, as lines, and names that look like those of settings and aren't."""
    found = [ill("settings", line, words.CORRECT_IT) for line in mistakes.splitlines()]
    for name, known in sorted(typos({*environment, *_names_in_file()}).items()):
        found.append(warning("settings", words.looks_like(name, known), words.RENAME_IT.format(known=known)))
    return found or [ok("settings", words.ALL_KNOWN)]


def _names_in_file() -> Collection[str]:
    """The names in `.env`; none where it can't be read, which is a mistake by then."""
    try:
        return dotenv_values(Path(".env"), interpolate=False).keys()
    except (OSError, UnicodeDecodeError):
        return ()


def typos(names: Collection[str]) -> Mapping[str, str]:
    """The names that are no setting, but look like one, which isn't set: by each, that setting."""
    known = {field.upper() for field in Settings.model_fields}
    given = {name.upper() for name in names}
    found = {}
    for name in given - known:
        alike = get_close_matches(name, known - given, n=1, cutoff=ALIKE)
        if alike and not name.startswith(OF_OTHERS):
            found[name] = alike[0]
    return found
