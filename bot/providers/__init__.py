"""The providers. A module in this folder that defines a `Provider` is one; nothing else needs to name it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from bot.net.client import Http
from bot.providers.base import Provider


def provider_classes() -> list[type[Provider]]:
    """Every adapter in this folder, in the order of their names."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    classes = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Provider) and thing.__module__ == module.__name__
    }
    return sorted((found for found in classes if found is not Provider), key=lambda found: found.name)


def load_providers(http: Http, base_urls: Mapping[str, str]) -> dict[str, Provider]:
    """One adapter each, by name; `base_urls` is the operator's override of an API's address."""
    return {found.name: found(http, base_urls.get(found.name)) for found in provider_classes()}
