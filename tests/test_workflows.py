"""What CI does is pinned, knows every Python that the project does, and releases what is in the repository."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.version import VERSION
from tests.image.test_contents import DOCKERFILE, MOST
from tests.test_release import PROJECT, ROOT

WORKFLOWS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").iterdir()}
RENOVATE = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
RELEASE = ROOT / ".ci" / "release"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_named_by_its_commit(name: str) -> None:
    used = re.findall(r"uses: (.+)", WORKFLOWS[name])
    assert used
    ours = {f"./.github/workflows/{workflow}" for workflow in WORKFLOWS}
    assert [
        action
        for action in used
        if action not in ours and not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    ] == []


def test_the_digest_is_that_of_the_base_image_of_the_dockerfile() -> None:
    bases = {name for name in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) if ":" in name}
    pinned = re.search(
        r"BASE: (\S+)=docker-image://docker\.io/library/(\S+)@sha256:[0-9a-f]{64}\n", WORKFLOWS["image.yml"]
    )
    assert pinned
    assert bases == {pinned[1]} == {pinned[2]}


def jobs(name: str) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow, by name."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(WORKFLOWS[name])["jobs"]
    return found


def test_nothing_is_published_but_a_tag_whose_images_and_tests_are_well() -> None:
    publish, release = jobs("image.yml")["publish"], jobs("image.yml")["release"]
    assert publish["if"] == "startsWith(github.ref, 'refs/tags/v')"
    assert set(publish["needs"]) == {"build", "check"}
    assert jobs("image.yml")["check"]["uses"] == "./.github/workflows/check.yml"
    assert release["needs"] == "publish"
    assert any(step.get("run") == '.ci/release check "$GITHUB_REF_NAME"' for step in publish["steps"])


def test_a_job_has_the_right_to_write_only_what_it_publishes() -> None:
    rights = {
        (name, job): given
        for name in WORKFLOWS
        for job, found in jobs(name).items()
        if (given := found.get("permissions"))
    }
    assert rights == {
        ("image.yml", "publish"): {"contents": "read", "packages": "write"},
        ("image.yml", "release"): {"contents": "write"},
    }
    assert {str(yaml.safe_load(text)["permissions"]) for text in WORKFLOWS.values()} == {"{'contents': 'read'}"}


def test_a_published_image_is_for_both_processors_with_its_contents_and_origin() -> None:
    (built,) = (step for step in jobs("image.yml")["publish"]["steps"] if "build-push" in step.get("uses", ""))
    assert built["with"]["platforms"] == "linux/amd64,linux/arm64"
    assert (built["with"]["sbom"], built["with"]["provenance"]) == (True, "mode=max")


def test_a_version_with_a_hyphen_is_a_prerelease_and_not_the_latest() -> None:
    create = jobs("image.yml")["release"]["steps"][-1]["run"]
    assert "--prerelease=${{ contains(github.ref_name, '-') }}" in create
    (described,) = (step for step in jobs("image.yml")["publish"]["steps"] if "metadata" in step.get("uses", ""))
    assert "latest=" not in described["with"]["flavor"].replace("onlatest=", "")  # so it is left to the version


def test_ci_holds_the_image_to_the_size_that_the_tests_hold_it_to() -> None:
    assert re.search(rf"target: bot\n +megabytes: {MOST // 1_000_000}\n", WORKFLOWS["image.yml"])


SETTINGS = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))


def test_ci_runs_on_every_python_that_the_project_supports() -> None:
    matrix = re.search(r"python: (\[.+\])", WORKFLOWS["check.yml"])
    assert matrix
    versions = json.loads(matrix[1])
    assert PROJECT["project"]["requires-python"] == f">={versions[0]}"
    assert f"on Python {', '.join(versions[:-1])} and {versions[-1]}" in (ROOT / ".github/CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("manager", RENOVATE["customManagers"], ids=lambda manager: str(manager["description"]))
def test_what_renovate_looks_for_is_there(manager: dict[str, list[str]]) -> None:
    (file,) = (pattern.strip("/^$").replace("\\", "") for pattern in manager["managerFilePatterns"])
    (wanted,) = (text.replace("(?<", "(?P<") for text in manager["matchStrings"])
    assert len(re.findall(wanted, (ROOT / file).read_text(encoding="utf-8"))) == 1


def test_a_release_has_its_changes_and_a_compose_file_that_pulls_it(tmp_path: Path) -> None:
    subprocess.run([RELEASE, "files", f"v{VERSION}", "ghcr.io/Some/Bot", tmp_path], check=True)
    compose = (tmp_path / "compose.yaml").read_text(encoding="utf-8")
    assert f"image: ghcr.io/some/bot:${{MOUTHPIECE_VERSION:-{VERSION}}}" in compose
    assert "build" not in compose.lower()
    assert "env.example" in compose
    assert ".env.example" not in compose
    notes = (tmp_path / "notes.md").read_text(encoding="utf-8")
    assert notes.strip() in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "### Added" in notes
    assert "## Unreleased" not in notes
    example = (tmp_path / "env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == SETTINGS
    assert "=/data/mouthpiece.db" in example
    assert ".env.example" not in example
    assert "python -m bot" not in example  # what is there in the image is a container


def test_a_tag_of_another_version_releases_nothing() -> None:
    refused = subprocess.run([RELEASE, "check", "v0.0.1"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr == f"the tag is v0.0.1, and bot/version.py says {VERSION}\n"
