"""The operator's settings: read once from the environment and `.env`, then passed down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from bot.app.database.settings import DatabaseSettings, read_as
from bot.app.http_server.signature import public_key
from bot.app.servers.shards import Shards
from bot.errors import SettingsError
from bot.files.settings import FilesSettings
from bot.jobs.roles import ROLES, Role, parse_roles
from bot.net.address import Address, as_http, has_port, host_entry
from bot.net.faults import BadAddress
from bot.providers import provider_classes
from bot.words.admin.operator import NEEDS_MASTER_KEYS
from bot.words.privacy import Host


class Settings(DatabaseSettings, FilesSettings):
    """Every field is an environment variable of the same name in capitals; each secret can also come as `…_FILE`."""

    model_config = DatabaseSettings.model_config  # pydantic would take that of the last base

    discord_token: SecretStr
    discord_token_file: Path | None = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(str.upper)] = "INFO"
    log_format: Annotated[Literal["text", "json"], BeforeValidator(str.lower)] = "text"
    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=1, le=65535)
    sandbox: bool = False
    usd_per_cny: Decimal = Field(default=Decimal("0.14"), gt=0, le=100)  # as of November 2026
    contact: str = Field(default="", max_length=100)
    privacy_url: str = Field(default="", max_length=150, pattern=r"^https://\S+$|^$")
    terms_url: str = Field(default="", max_length=150, pattern=r"^https://\S+$|^$")
    retention_days: int = Field(default=90, ge=1)
    results_days: int = Field(default=7, ge=1)
    backup_every: int | None = Field(default=None, ge=1, le=8760)  # hours
    backup_keep: int = Field(default=7, ge=1, le=1000)
    copies_days: int = Field(default=14, ge=0, le=30)
    disk_share: int = Field(default=25, ge=1, le=100)
    max_open_jobs_per_server: int = Field(default=100, ge=1)
    max_open_jobs: int = Field(default=5000, ge=1)
    discord_api_url: str | None = Field(default=None, pattern=r"^https?://.+/api/v10$")
    discord_gateway_url: str | None = Field(default=None, pattern=r"^wss?://.+$")
    roles: Annotated[frozenset[Role], NoDecode, BeforeValidator(parse_roles)] = ROLES
    interactions_public_key: Annotated[str, AfterValidator(public_key)] | None = None
    shards: Annotated[Shards, NoDecode, BeforeValidator(Shards.parse)] = Shards()
    provider_urls: Annotated[dict[str, Annotated[str, Field(pattern=r"^https?://.+$")]], NoDecode] = Field(
        default_factory=dict
    )
    gateway_hosts: Annotated[frozenset[str], NoDecode] = frozenset()
    trusted_hosts: Annotated[frozenset[str], NoDecode] = frozenset()

    @property
    def host(self) -> Host:
        """Whoever runs the bot."""
        return Host(self.contact, self.privacy_url, self.terms_url)

    @field_validator("provider_urls", mode="before")
    @classmethod
    def _parse_urls(cls, value: object) -> object:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError('is not JSON such as {"runcomfy": "https://proxy.example"}') from None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.interactions_public_key and not self.http_port:
            raise SettingsError(problem="HTTP_PORT: is not set; INTERACTIONS_PUBLIC_KEY needs it for /interactions")
        if self.interactions_public_key and self.shards.ids:
            raise SettingsError(problem="SHARDS: are of the gateway, which INTERACTIONS_PUBLIC_KEY does without")
        if self.roles != ROLES and not self.database_url:
            raise SettingsError(problem="ROLES: need DATABASE_URL; SQLite's file is one process's alone")
        return self

    @model_validator(mode="after")
    def _backups_of_a_file(self) -> Self:
        if self.backup_every and self.database_url:
            raise SettingsError(problem="BACKUP_EVERY: copies SQLite's file; copy PostgreSQL with its own pg_dump")
        if self.backup_every and not self.copies_days:
            raise SettingsError(problem="COPIES_DAYS: is 0, so none of the copies would stay that BACKUP_EVERY makes")
        return self

    @model_validator(mode="after")
    def _keys_of_a_server(self) -> Self:
        if self.database_url and not self.master_keys:
            raise SettingsError(problem=NEEDS_MASTER_KEYS)
        return self

    @field_validator("trusted_hosts", "gateway_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return frozenset(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("trusted_hosts", "gateway_hosts")
    @classmethod
    def _only_hosts(cls, value: frozenset[str]) -> frozenset[str]:
        try:
            return frozenset(map(host_entry, value))
        except BadAddress:
            raise ValueError("one of them is no host; write it as name or name:port") from None

    @field_validator("discord_api_url", "discord_gateway_url", "provider_urls", "aws_endpoint_url")
    @classmethod
    def _only_addresses(cls, value: Any) -> Any:
        try:
            for url in value.values() if isinstance(value, dict) else filter(None, [value]):
                Address.parse(as_http(url))
        except BadAddress:
            raise ValueError("is no web address, or has a name or password in it") from None
        return value

    @field_validator("provider_urls")
    @classmethod
    def _known_providers(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        known = {found.name for found in provider_classes()}
        if unknown := sorted(set(value) - known):
            raise ValueError(f"{', '.join(unknown)} is no provider; known are {', '.join(sorted(known))}")
        return value

    @property
    def served_shards(self) -> Shards | None:
        """The shards of the gateway that this process serves; None when it has no connection to it."""
        return self.shards if "gateway" in self.roles and not self.interactions_public_key else None

    @property
    def discord_hosts(self) -> frozenset[str]:
        """What stands in for Discord itself, as `host:port`."""
        urls = filter(None, (self.discord_api_url, self.discord_gateway_url))
        return frozenset(Address.parse(as_http(url)).authority for url in urls)

    @property
    def named_hosts(self) -> frozenset[str]:
        """Every host that is named for some purpose together with its port, as `host:port`."""
        urls = filter(None, (*self.provider_urls.values(), self.aws_endpoint_url))
        others = {Address.parse(url).authority for url in urls}
        return self.discord_hosts | others | {entry for entry in self.gateway_hosts if has_port(entry)}

    @property
    def secrets(self) -> list[str]:
        """What no log may show; some of them may be empty."""
        given = [self.discord_token, self.aws_secret_access_key, self.aws_session_token]
        return [*super().secrets, *(secret.get_secret_value() for secret in given)]


def read_settings(**given: Any) -> Settings:
    """The settings; `SettingsError` holds one line per mistake and never a value."""
    return read_as(Settings, **given)
