"""The table of providers, from their adapters."""

from __future__ import annotations

from bot.domain.flows import Flow, FlowLimits
from bot.providers import provider_classes
from bot.providers.base import Provider
from tests.docs import table

MEGABYTE = 2**20


HEAD = ["provider", "from", "clip", "text or recording", "price", "cancel", "finds lost requests", "needs a public URL"]


def providers() -> str:
    """The table in Markdown, a row per provider and mode."""
    return table(HEAD, *(_row(provider, flow) for provider in provider_classes() for flow in provider.flows))


def _row(provider: type[Provider], flow: Flow) -> list[str]:
    limits = flow.limits
    findable = [stage.name for stage in flow.stages if stage.findable]
    finds = "yes" if len(findable) == len(flow.stages) else "the last call" if findable else "no"
    needed = {"video", "audio"} if flow.mode == "audio" else {"video"}
    return [
        provider.label,
        "a recording" if flow.mode == "audio" else "a text",
        _clip(limits),
        _recording(limits) if flow.mode == "audio" else f"{limits.text_chars} characters",
        provider.prices,
        "while queued" if provider.can_cancel else "no",
        finds,
        "no" if needed <= provider.uploads else "yes",
    ]


def _clip(limits: FlowLimits) -> str:
    seconds = "–".join(f"{end:g}" for end in limits.video_seconds)
    sides = "–".join(str(end) for end in limits.sides)
    return f"{_formats(limits.containers)}, {seconds} s, {sides} px, {limits.video_bytes // MEGABYTE} MB"


def _recording(limits: FlowLimits) -> str:
    seconds = "–".join(f"{end:g}" for end in limits.audio_seconds)
    return f"{_formats(limits.audio_formats)}, {seconds} s, {limits.audio_bytes // MEGABYTE} MB"


def _formats(formats: frozenset[str]) -> str:
    return "/".join(sorted(formats))
