"""A release is one version everywhere, and what is installed of it is whole."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.version import VERSION

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ("bot", "cogs", "storage")


def test_the_version_is_written_in_one_place() -> None:
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "bot.version.VERSION"}
    told = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == f"mouthpiece {VERSION}\n"


def test_the_changelog_tells_of_this_version_right_after_what_is_unreleased() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(VERSION)} - \d{{4}}-\d\d-\d\d", headings[1])


@pytest.mark.parametrize("name", ["compose.yaml", "compose.scale.yaml"])
def test_a_compose_file_is_for_this_version(name: str) -> None:
    named = re.findall(r"MOUTHPIECE_VERSION:-([^}]+)}", (ROOT / name).read_text(encoding="utf-8"))
    assert named == [VERSION]


def test_the_console_script_is_the_same_program() -> None:
    assert pkgutil.resolve_name(PROJECT["project"]["scripts"]["mouthpiece"]) is main


def test_an_installed_package_has_every_file_that_the_code_reads() -> None:
    data = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
    ]
    files = [path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.*")]
    besides = [name for name in files if not name.endswith((".py", ".pyc"))]
    assert besides
    assert [name for name in besides if not any(fnmatch(name, pattern) for pattern in data)] == []
