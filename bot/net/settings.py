"""The settings of special networks: other addresses in place of the usual ones, and which hosts may be private."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from bot.net.address import Address, as_http, host_entry
from bot.net.faults import BadAddress


class NetworkSettings(BaseSettings):
    """Nobody needs one of these who has neither a proxy nor a provider in their own network."""

    discord_api_url: str | None = Field(
        default=None, pattern=r"^https?://.+/api/v10$", examples=["http://127.0.0.1:3000/api/v10"]
    )
    """A REST proxy in place of Discord itself; it ends in `/api/v10`, and attachments may come from its host"""
    discord_gateway_url: str | None = Field(default=None, pattern=r"^wss?://.+$", examples=["ws://127.0.0.1:3001"])
    """A gateway proxy in place of Discord itself"""
    provider_urls: Annotated[dict[str, Annotated[str, Field(pattern=r"^https?://.+$")]], NoDecode] = Field(
        default_factory=dict, examples=['{"runcomfy": "https://proxy.example/runcomfy"}']
    )
    """Other addresses of providers, as JSON: the provider's name and its base address"""
    gateway_hosts: Annotated[frozenset[str], NoDecode] = Field(default=frozenset(), examples=["gateway.example"])
    """The only hosts that moderators may type as a gateway's address, as `name` or `name:port`, several separated by
    spaces or commas; any public one unless set
    """
    trusted_hosts: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(), examples=["127.0.0.1 proxy.example"]
    )
    """Which of the hosts in `DISCORD_API_URL`, `DISCORD_GATEWAY_URL`, `PROVIDER_URLS` and `GATEWAY_HOSTS` may be
    private or plain http, as `name` or `name:port`, several separated by spaces or commas; opens nothing by itself
    """

    @field_validator("provider_urls", mode="before")
    @classmethod
    def _parse_urls(cls, value: object) -> object:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError('is not JSON such as {"runcomfy": "https://proxy.example"}') from None

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

    @field_validator("discord_api_url", "discord_gateway_url", "provider_urls")
    @classmethod
    def _only_addresses(cls, value: Any) -> Any:
        check_addresses(*(value.values() if isinstance(value, dict) else [value]))
        return value


def check_addresses(*urls: str | None) -> None:
    """Read each address. `ValueError` where one is none."""
    try:
        for url in filter(None, urls):
            Address.parse(as_http(url))
    except BadAddress:
        raise ValueError("is no web address, or has a name or password in it") from None
