"""The compose files start processes whose settings the bot takes, and that do all there is to do."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.__main__ import CANNOT_START
from bot.app.process import SHUTDOWN_SECONDS
from bot.app.settings import Settings
from bot.jobs.roles import ROLES
from storage.engine.encryption import MasterKeys

ROOT = Path(__file__).parent.parent
FILES = ["compose.yaml", "compose.scale.yaml"]
# What a person writes into .env.
GIVEN = {
    "DISCORD_TOKEN": "token",
    "MASTER_KEYS": MasterKeys.generate("first"),
    "POSTGRES_PASSWORD": "secret",
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


def text_of(name: str) -> str:
    """What stands in a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def services(name: str) -> dict[str, dict[str, Any]]:
    """The services of a compose file, by name."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(text_of(name))["services"]
    return found


def filled(value: str) -> str:
    """The value with what stands in .env, or with its default, in place of each variable."""
    while match := re.search(r"\$\{(\w+)(?::[-?]([^${}]*))?\}", value):
        value = value.replace(match[0], GIVEN.get(match[1], match[2] or ""))
    return value


def settings(environment: Mapping[str, str]) -> Settings:
    named = {**GIVEN, **{name: filled(str(value)) for name, value in environment.items()}}
    known = {name.lower(): value for name, value in named.items() if name.lower() in Settings.model_fields}
    assert set(environment) <= {name.upper() for name in known}
    return Settings(_env_file=None, **{name: value for name, value in known.items() if value})  # type: ignore[arg-type]


@pytest.fixture
def scaled(monkeypatch: pytest.MonkeyPatch) -> dict[str, Settings]:
    """What each process of the bot is told, by the name of its service."""
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)
    bots = {name: one for name, one in services("compose.scale.yaml").items() if one.get("build")}
    return {name: settings(one["environment"]) for name, one in bots.items()}


def test_every_process_is_told_what_it_needs_and_all_of_them_share_what_lasts(scaled: dict[str, Settings]) -> None:
    assert {one.database_url.get_secret_value() for one in scaled.values()} == {
        "postgresql://mouthpiece:secret@database/mouthpiece"
    }
    assert {one.files_url for one in scaled.values()} == {"s3://mouthpiece"}
    assert {one.discord_api_url for one in scaled.values()} == {"http://discord:8080/api/v10"}


def test_the_processes_do_all_there_is_to_do_and_hear_every_server(scaled: dict[str, Settings]) -> None:
    running = {name: one for name, one in scaled.items() if name != "migrate"}
    assert {role for one in running.values() for role in one.roles} == set(ROLES)
    gateways = [one for one in running.values() if "gateway" in one.roles]
    assert sorted(shard for one in gateways for shard in one.shards.ids) == list(range(gateways[0].shards.count or 0))
    assert len({one.shards.count for one in gateways}) == 1
    assert services("compose.scale.yaml")["worker"]["deploy"]["replicas"] == 2


def test_systemd_starts_the_bot_as_the_documentation_sets_it_up_and_leaves_a_mistake_to_a_person() -> None:
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "ops" / "mouthpiece.service", encoding="utf-8")
    service, page = unit["Service"], (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    program = service["ExecStart"].removesuffix(" run")
    assert (
        f"cd {service['WorkingDirectory']} && sudo -u {service['User']} env {service['Environment']} {program}" in page
    )
    assert f"{service['WorkingDirectory']}/.env" in page
    assert service["RestartPreventExitStatus"] == str(CANNOT_START)


# Variables of the files themselves, and of the services beside the bot.
OTHERS = {"MOUTHPIECE_IMAGE", "MOUTHPIECE_VERSION", "POSTGRES_PASSWORD"}


@pytest.mark.parametrize("name", FILES)
def test_every_variable_in_it_is_a_setting_or_its_own(name: str) -> None:
    lines = [line.partition(" #")[0] for line in text_of(name).splitlines() if not line.lstrip().startswith("#")]
    used = set(re.findall(r"\$\{(\w+)", "\n".join(lines)))
    assert used
    assert {variable for variable in used - OTHERS if variable.lower() not in Settings.model_fields} == set()


@pytest.mark.parametrize("name", FILES)
def test_the_setting_that_a_comment_names_is_there(name: str) -> None:
    named = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", "\n".join(re.findall("#(.*)", text_of(name)))))
    assert {setting for setting in named - OTHERS if setting.lower() not in Settings.model_fields} == set()


@pytest.mark.parametrize("name", FILES)
def test_what_a_service_needs_of_the_file_is_in_it(name: str) -> None:
    whole, found = yaml.safe_load(text_of(name)), services(name)
    for service in found.values():
        volumes = [str(volume).partition(":") for volume in service.get("volumes", [])]
        assert {source for source, colon, _ in volumes if colon} <= set(whole["volumes"])
        for needed, how in service.get("depends_on", {}).items():
            assert needed in found
            assert how["condition"] != "service_healthy" or "healthcheck" in found[needed]


@pytest.mark.parametrize("name", FILES)
def test_a_container_keeps_its_data_on_the_disk_where_the_image_has_them(name: str) -> None:
    image = text_of("Dockerfile")
    (folder,) = set(re.findall("^VOLUME (.+)$", image, re.MULTILINE))
    assert f" DATABASE_PATH={folder}/mouthpiece.db" in image
    for service in services(name).values():
        if "build" in service:
            assert [str(volume).split(":")[-1] for volume in service["volumes"]] == [folder]
            assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - it is memory, and there are 2 GB of that


@pytest.mark.parametrize("name", FILES)
def test_a_stop_is_given_the_time_that_it_takes(name: str) -> None:
    for service in services(name).values():
        if "build" in service:
            assert int(service["stop_grace_period"].removesuffix("s")) > SHUTDOWN_SECONDS


def test_the_port_that_a_comment_publishes_is_the_image_s() -> None:
    published = re.search(r'# ports: \["127\.0\.0\.1:\d+:(\d+)"\]', text_of("compose.yaml"))
    assert published
    assert f" HTTP_PORT={published[1]}\n" in text_of("Dockerfile")


@pytest.mark.parametrize("name", FILES)
def test_every_container_of_the_bot_may_do_little_and_is_started_again(name: str) -> None:
    for service in services(name).values():
        if "build" in service:
            assert service["cap_drop"] == ["ALL"]
            assert service["read_only"]
            assert service["restart"] in ("unless-stopped", "no")
