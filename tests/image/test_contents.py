"""What the Dockerfile copies is small, is there, and is named with its licence."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

from tests.app.bare import LOCK, locked
from tests.image.elf import stripped_size

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
MOST = 250_000_000
# python:3.13-slim has 126 MB, of which the Dockerfile removes 30; Python's bytecode of its own library is 5.
SYSTEM = 101_000_000
BYTECODE = 1.25  # times the source
LEFT_OUT = {".dll", ".pyc", ".pyi", ".pxd", ".pyx"}


def installed(package: str) -> list[Path]:
    """The package's files; none where it isn't for this Python."""
    try:
        return [Path(str(found.locate())) for found in files(package) or ()]
    except PackageNotFoundError:
        return []


def size(path: Path) -> float:
    """The bytes that the file takes in the image, with its bytecode."""
    if path.suffix in LEFT_OUT or not path.is_file():
        return 0
    if ".so" in path.name:
        return stripped_size(path)
    return path.stat().st_size * (1 + BYTECODE if path.suffix == ".py" else 1)


def test_the_image_is_smaller_than_250_mb() -> None:
    packages = {name: sum(map(size, installed(name))) for name in locked(LOCK)}
    own = sum(size(path) for folder in ("bot", "cogs", "storage") for path in (ROOT / folder).rglob("*"))
    largest = sorted(packages.items(), key=lambda package: -package[1])[:5]
    assert packages["av"] > 50_000_000  # or nothing was measured
    assert SYSTEM + sum(packages.values()) + own < MOST, largest


def test_the_measure_is_that_of_what_strip_leaves(tmp_path: Path) -> None:
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    header[40:48], header[58:62] = (64).to_bytes(8, "little"), bytes([64, 0, 2, 0])
    loaded, symbols = bytearray(64), bytearray(64)
    loaded[4:16], loaded[32:40] = bytes([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]), (100).to_bytes(8, "little")
    symbols[4:8], symbols[32:40] = bytes([2, 0, 0, 0]), (1000).to_bytes(8, "little")
    library = tmp_path / "lib.so"
    library.write_bytes(bytes(header + loaded + symbols) + bytes(1100))
    assert stripped_size(library) == 64 * 3 + 100
    library.write_bytes(b"#!/bin/sh")
    assert stripped_size(library) == 9


def test_all_that_is_copied_into_the_image_is_sent_to_the_builder() -> None:
    copied = {name for line in re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]}
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("package", locked(ROOT / "requirements-demo.lock"))
def test_the_notice_names_every_package(package: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(package)}(?![\w-])", NOTICE)


def test_the_notice_names_every_library_that_comes_with_pyav() -> None:
    libraries = {found[1] for path in installed("av") if (found := re.match(r"lib(.+?)-[0-9a-f]{8}\.so", path.name))}
    assert libraries  # on Linux, where images are made
    assert {name for name in libraries if not re.search(rf"(?<![\w-]){name}(?![\w-])", NOTICE)} == set()


def test_the_notice_says_which_parts_are_under_the_gpl() -> None:
    for part in ("x264, x265", "espeak-ng"):
        assert re.search(rf"^  {part} +GPL-\d", NOTICE, re.MULTILINE)
