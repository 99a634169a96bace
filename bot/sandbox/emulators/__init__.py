"""The emulated providers. A module in this folder that defines an `Emulator` is one; nothing else needs to name it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from pkgutil import iter_modules
from typing import ClassVar

from aiohttp import web

from bot.sandbox.runs import Runs


class Emulator(ABC):
    """One provider's API, as strict as its documents, so that a wrong request fails as it would in the world."""

    name: ClassVar[str]  # the provider's; it is served below `/<name>`

    def __init__(self, runs: Runs) -> None:
        self.runs = runs

    @abstractmethod
    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, below `prefix`."""


def emulator_classes() -> list[type[Emulator]]:
    """Every emulator in this folder, in the order of their names."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    classes = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Emulator) and thing.__module__ == module.__name__
    }
    return sorted(classes, key=lambda found: found.name)
