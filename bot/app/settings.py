"""The operator's settings: read once from the environment and `.env`, then passed down."""

from __future__ import annotations

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
from bot.net.address import Address, as_http, has_port
from bot.net.settings import NetworkSettings, check_addresses
from bot.providers import provider_classes
from bot.words.admin.operator import NEEDS_MASTER_KEYS
from bot.words.privacy import Host


class Settings(NetworkSettings, FilesSettings, DatabaseSettings):
    """Every field is an environment variable of the same name in capitals; each secret can also come as `…_FILE`.

    The text below a field is its description in docs/hosting.md and .env.example, which `make docs` writes.
    """

    discord_token: SecretStr
    """The bot's token: on discord.com/developers, your application → Bot → Reset Token"""
    discord_token_file: Path | None = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(lambda text: text.upper())] = (
        "INFO"
    )
    """The least that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`"""
    log_format: Annotated[Literal["text", "json"], BeforeValidator(lambda text: text.lower())] = "text"
    """`text`, or `json` with a line per record"""
    http_port: int | None = Field(default=None, ge=1, le=65535, examples=["8080"])
    """The port of `/healthz`, `/metrics`, and `/interactions` with `INTERACTIONS_PUBLIC_KEY`; off unless set, but
    for the container, which has 8080
    """
    http_host: str = "127.0.0.1"
    """This machine's address on which these are served; `0.0.0.0` is each of its IPv4 addresses, `::` each of all. The
    container has `0.0.0.0`, so leave it alone there
    """
    sandbox: bool = Field(default=False, examples=["1"])
    """Offer a free provider that runs inside the bot, to try a real server before buying credit; takes the image whose
    tag ends in `-sandbox`, or the extra `sandbox`
    """
    contact: str = Field(default="", max_length=100)
    """How people reach you; `/lipsync privacy` shows it"""
    privacy_url: str = Field(
        default="", max_length=150, pattern=r"^https://\S+$|^$", examples=["https://example.org/privacy"]
    )
    """Your own privacy notice, linked there, too; Discord's App Directory wants one"""
    terms_url: str = Field(
        default="", max_length=150, pattern=r"^https://\S+$|^$", examples=["https://example.org/terms"]
    )
    """Your own terms, the same"""
    retention_days: int = Field(default=90, ge=1)
    """Days after which texts, links and persons are taken out of finished jobs"""
    results_days: int = Field(default=7, ge=1)
    """Days after which videos are thrown away that could not be posted, or only as a smaller copy"""
    backup_every: int | None = Field(default=None, ge=1, le=8760, examples=["24"])
    """Hours between two backups that the bot makes of its SQLite file, beside it; off unless set"""
    backup_keep: int = Field(default=7, ge=1, le=1000)
    """How many of these are kept, none of them longer than `COPIES_DAYS`"""
    copies_days: int = Field(default=14, ge=0, le=30)
    """Days after which the copies are deleted that updates and `BACKUP_EVERY` make of SQLite's file; at once when
    somebody has themselves erased
    """
    disk_share: int = Field(default=25, ge=1, le=100)
    """Percent of the bot's room on the disk (its files, and what is free) that one server's files may take; over it,
    its oldest kept videos go first
    """
    max_open_jobs_per_server: int = Field(default=100, ge=1)
    """How many videos may be under way at once in a server, those that wait for approval among them"""
    max_open_jobs: int = Field(default=5000, ge=1)
    """The same, in all servers"""
    usd_per_cny: Decimal = Field(default=Decimal("0.14"), gt=0, le=100)
    """US dollars in a yuan, for limits on money where a provider's prices are in yuan; the default is of 11/2026"""
    roles: Annotated[frozenset[Role], NoDecode, BeforeValidator(parse_roles)] = ROLES
    """What this process does; several on one PostgreSQL may each do a part: hear commands (`gateway`), take videos
    further (`worker`), prepare and finish files (`media`). See docs/scaling.md
    """
    shards: Annotated[Shards, NoDecode, BeforeValidator(Shards.parse)] = Field(default=Shards(), examples=["0-3/16"])
    """The shards that this process serves: `0-3/16` are the first four of 16. Unless set, as many as Discord advises,
    all in this process. Several processes need one `DATABASE_URL`; with a file each, each erases people from its own
    only
    """
    interactions_public_key: Annotated[str, AfterValidator(public_key)] | None = None
    """The application's Public Key: commands come over HTTP to `/interactions` on `HTTP_PORT`, which must be set, and
    there is no gateway. SECURITY.md says what to put before it; off unless set
    """

    @field_validator("aws_endpoint_url")
    @classmethod
    def _address(cls, value: str) -> str:
        check_addresses(value)
        return value

    @property
    def host(self) -> Host:
        """Whoever runs the bot."""
        return Host(self.contact, self.privacy_url, self.terms_url)

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
