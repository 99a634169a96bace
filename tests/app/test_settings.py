"""Settings: one readable line per mistake, and never a value in it."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from bot.app.database.settings import DatabaseSettings, read_as
from bot.app.servers.shards import Shards
from bot.app.settings import Settings, read_settings
from bot.errors import SettingsError
from storage.engine.encryption import MasterKeys

TOKEN = "token-canary"
PUBLIC_KEY = "5e" * 32


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def mistakes(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[str]:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert "canary" not in str(caught.value)
    assert not re.search("Input|String should|pattern|parse|boolean", str(caught.value))  # pydantic's English
    return str(caught.value).splitlines()


def test_without_a_token_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mistakes(monkeypatch) == [
        "DISCORD_TOKEN: is not set; copy it from the developer portal (Bot, Reset Token) into .env"
    ]


def test_an_empty_token_is_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mistakes(monkeypatch, DISCORD_TOKEN="") == mistakes(monkeypatch)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "canary"),
        ("LOG_FORMAT", "canary"),
        ("HTTP_PORT", "canary"),
        ("HTTP_PORT", "70000"),
        ("HTTP_PORT", "0"),
        ("SANDBOX", "canary"),
        ("USD_PER_CNY", "canary"),
        ("USD_PER_CNY", "0"),
        ("USD_PER_CNY", "101"),
        ("BACKUP_EVERY", "1.5"),
        ("COPIES_DAYS", "31"),
        ("CONTACT", "canary" * 20),
        ("PRIVACY_URL", "http://canary.example"),
        ("TERMS_URL", "canary"),
        ("PROVIDER_URLS", '["canary"]'),
        ("PROVIDER_URLS", '{"runcomfy": "canary"}'),
        ("PROVIDER_URLS", '{"runcomfy": ["canary"]}'),
        ("DISCORD_API_URL", "http://canary/api"),
        ("DISCORD_API_URL", "http://me:canary@proxy.example/api/v10"),
        ("DISCORD_API_URL", "http://ca..nary/api/v10"),
        ("DISCORD_GATEWAY_URL", "http://canary"),
        ("DISCORD_GATEWAY_URL", "ws://me:canary@proxy.example"),
        ("PROVIDER_URLS", '{"runcomfy": "https://me:canary@x.example"}'),
        ("TRUSTED_HOSTS", "127.0.0.1 https://canary.example"),
        ("GATEWAY_HOSTS", "*.canary.example"),
        ("PROVIDER_URLS", '{"canary": "https://x.example"}'.replace("canary", "nobody")),
        ("MASTER_KEYS", "canary"),
        ("FILES_URL", "https://canary.example/bucket"),
        ("FILES_URL", "s3://me:canary@bucket/prefix"),
        ("FILES_URL", "s3://bucket/pre fix/canary"),
        ("AWS_ENDPOINT_URL", "https://me:canary@bucket.example"),
        ("AWS_ENDPOINT_URL", "canary"),
        ("DATABASE_URL", "mysql://me:canary@db.example/bot"),
        ("DATABASE_URL", "postgresql://me:canary@[db.example/bot"),
        ("SHARDS", "canary"),
        ("SHARDS", "0-16/16"),
    ],
)
def test_each_mistake_is_one_line_that_names_the_field(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (line,) = mistakes(monkeypatch, DISCORD_TOKEN=TOKEN, **{name: value})
    assert line.startswith(f"{name}")


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("DATABASE_PATH", ".", "DATABASE_PATH: . is a folder; name a file in it"),
        ("SANDBOX", "on!", "SANDBOX: is neither 1 nor 0"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: is not DEBUG, INFO, WARNING or ERROR"),
        ("HTTP_PORT", "http", "HTTP_PORT: is no whole number"),
        ("HTTP_PORT", "70000", "HTTP_PORT: must be 65535 or less"),
    ],
)
def test_a_mistake_is_said_in_words_of_the_bots_own(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    assert mistakes(monkeypatch, DISCORD_TOKEN=TOKEN, **{name: value}) == [line]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"INTERACTIONS_PUBLIC_KEY": "canary"}, "INTERACTIONS_PUBLIC_KEY: is not the 64 hex digits that"),
        ({"INTERACTIONS_PUBLIC_KEY": PUBLIC_KEY[:-1]}, "INTERACTIONS_PUBLIC_KEY: is not the 64 hex digits that"),
        ({"INTERACTIONS_PUBLIC_KEY": PUBLIC_KEY}, "HTTP_PORT: is not set; INTERACTIONS_PUBLIC_KEY needs it"),
        (
            {"INTERACTIONS_PUBLIC_KEY": PUBLIC_KEY, "HTTP_PORT": "8080", "SHARDS": "0/2"},
            "SHARDS: are of the gateway, which INTERACTIONS_PUBLIC_KEY does without",
        ),
        ({"SHARDS": "0-3"}, "SHARDS: is not written like 0-3/16"),
    ],
)
def test_the_way_in_is_one_or_the_other_and_said_clearly(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], line: str
) -> None:
    (said,) = mistakes(monkeypatch, DISCORD_TOKEN=TOKEN, **given)
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"BACKUP_EVERY": "0"}, "BACKUP_EVERY: "),
        ({"BACKUP_EVERY": "24", "COPIES_DAYS": "0"}, "COPIES_DAYS: is 0, so none of the copies would stay"),
        ({"BACKUP_EVERY": "24", "DATABASE_URL": "postgresql:///bot"}, "BACKUP_EVERY: copies SQLite's file"),
    ],
)
def test_backups_that_couldnt_be_made_or_kept_are_no_setting(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], line: str
) -> None:
    (said,) = mistakes(monkeypatch, DISCORD_TOKEN=TOKEN, **given)
    assert said.startswith(line)


def test_shards_are_all_unless_some_are_named_and_none_over_http() -> None:
    assert read_settings(discord_token=TOKEN).served_shards == Shards()
    assert read_settings(discord_token=TOKEN, shards="1-2/4").served_shards == Shards((1, 2), 4)
    over_http = read_settings(discord_token=TOKEN, interactions_public_key=PUBLIC_KEY, http_port=8080)
    assert over_http.served_shards is None


def test_two_mistakes_are_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(mistakes(monkeypatch, DISCORD_TOKEN=TOKEN, LOG_LEVEL="loud", HTTP_PORT="many")) == 2


def test_broken_json_is_a_readable_line(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = mistakes(monkeypatch, DISCORD_TOKEN=TOKEN, PROVIDER_URLS="{canary")
    assert line.startswith("PROVIDER_URLS")


def test_secrets_can_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "token"))
    assert read_settings().discord_token.get_secret_value() == TOKEN


def test_the_buckets_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(tmp_path / "secret"))
    assert read_settings().aws_secret_access_key.get_secret_value() == "secret"


@pytest.mark.parametrize("url", ["s3://my.bucket", "s3://my.bucket/", "s3://my-bucket/bots/first", "s3://bucket/a/"])
def test_files_may_be_in_a_bucket_or_below_a_prefix_of_it(url: str) -> None:
    assert read_settings(discord_token=TOKEN, files_url=url, aws_region="eu-central-1").bucket()


def test_without_an_address_there_is_no_bucket_whatever_else_is_set_for_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of another program")
    assert read_settings(discord_token=TOKEN).bucket() is None


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = mistakes(monkeypatch, DISCORD_TOKEN_FILE="nowhere")
    assert line.startswith("DISCORD_TOKEN_FILE")


def test_the_environment_and_the_env_file_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN={TOKEN}\nLOG_FORMAT=JSON\nTRUSTED_HOSTS=a.example, b.example:8080\n")
    monkeypatch.setenv("LOG_LEVEL", "warning")
    settings = read_settings()
    assert (settings.log_level, settings.log_format) == ("WARNING", "json")
    assert settings.trusted_hosts == {"a.example", "b.example:8080"}


def test_what_is_named_for_a_purpose_is_known_with_its_port() -> None:
    settings = read_settings(
        discord_token=TOKEN,
        discord_api_url="http://127.0.0.1:3000/api/v10",
        discord_gateway_url="wss://gateway.example",
        provider_urls={"runcomfy": "https://Proxy.example/rc"},
        gateway_hosts="a.example b.example:8080 [::1]:81 ::1",
        aws_endpoint_url="http://127.0.0.1:9000",
    )
    assert settings.discord_hosts == {"127.0.0.1:3000", "gateway.example:443"}
    named = {"proxy.example:443", "b.example:8080", "[::1]:81", "127.0.0.1:9000"}
    assert settings.named_hosts == settings.discord_hosts | named


def test_no_secret_shows_in_the_settings_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:canary@db.example/bot")
    monkeypatch.setenv("MASTER_KEYS", f"canary:{'A' * 43}=")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "canary")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("FILES_URL", "s3://files/bot")
    assert "canary" not in repr(read_settings())
    assert "canary" not in repr(read_settings().bucket())


def test_what_no_log_may_show_is_known_in_every_form() -> None:
    keys, url = MasterKeys.generate("first"), "postgresql://me:ca%2Fnary@db.example/bot"
    settings = read_settings(
        discord_token=TOKEN,
        master_keys=keys,
        database_url=url,
        aws_secret_access_key="key",
        aws_session_token="session",
    )
    assert sorted(settings.secrets) == sorted([TOKEN, keys, "key", "session", url, "ca%2Fnary", "ca/nary"])


def test_postgresql_needs_a_master_key_that_is_in_no_file_of_one_machine(tmp_path: Path) -> None:
    given = {"database_url": "postgresql://db.example/bot", "database_path": tmp_path / "bot.db"}
    with pytest.raises(SettingsError, match="MASTER_KEYS: is not set; with DATABASE_URL"):
        read_settings(discord_token=TOKEN, **given)
    with pytest.raises(SettingsError, match="MASTER_KEYS: is not set; with DATABASE_URL"):
        read_as(DatabaseSettings, **given).master()
    assert list(tmp_path.iterdir()) == []


def test_without_master_keys_one_is_made_once_and_only_the_owner_can_read_it(tmp_path: Path) -> None:
    settings = read_settings(discord_token=TOKEN, database_path=tmp_path / "data" / "bot.db")
    sealed = settings.master().seal(b"secret", 1)
    assert settings.master().unseal(*sealed, 1) == b"secret"
    assert stat.S_IMODE((tmp_path / "data" / "master.key").stat().st_mode) == 0o600


def test_the_first_master_key_seals_and_the_others_still_open() -> None:
    old, new = MasterKeys.generate("old"), MasterKeys.generate("new")
    name, sealed = MasterKeys.parse(old).seal(b"secret", 1)
    both = MasterKeys.parse(f"{new},{old}")
    assert both.unseal(name, sealed, 1) == b"secret"
    assert both.seal(b"x")[0] == "new"
