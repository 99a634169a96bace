"""What the README says of the providers is what the code does."""

from __future__ import annotations

from bot.providers import provider_classes
from tests.provider_table import README, inserted


def test_the_table_of_providers_is_up_to_date() -> None:
    readme = README.read_text(encoding="utf-8")
    assert inserted(readme) == readme, "run `make docs`"


def test_the_table_names_every_provider_and_mode() -> None:
    readme = README.read_text(encoding="utf-8")
    for provider in provider_classes():
        for mode in {flow.mode for flow in provider.flows}:
            made_from = "a recording" if mode == "audio" else "a text"
            assert f"| {provider.label} | {made_from} |" in readme
