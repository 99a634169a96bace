"""The documentation's table of providers, made from the adapters: `python -m tests.provider_table` writes it."""

from __future__ import annotations

from pathlib import Path

from bot.domain.flows import Flow, FlowLimits
from bot.providers import provider_classes
from bot.providers.base import Provider

README = Path(__file__).parent.parent / "README.md"
DOCS = README.with_name("docs")
PROVIDERS = DOCS / "providers.md"
BEGIN, END = "<!-- providers: made by `make docs` -->", "<!-- /providers -->"
MEGABYTE = 2**20


def table() -> str:
    """The table in Markdown, a line per provider and mode."""
    lines = [
        "| provider | from | clip | text or recording | price | cancel | finds lost requests | needs a public URL |",
        "| --- " * 8 + "|",
    ]
    for provider in provider_classes():
        lines += [_line(provider, flow) for flow in provider.flows]
    return "\n".join(lines)


def _line(provider: type[Provider], flow: Flow) -> str:
    limits = flow.limits
    findable = [stage.name for stage in flow.stages if stage.findable]
    finds = "yes" if len(findable) == len(flow.stages) else "the last call" if findable else "no"
    needed = {"video", "audio"} if flow.mode == "audio" else {"video"}
    cells = [
        provider.label,
        "a recording" if flow.mode == "audio" else "a text",
        _clip(limits),
        _recording(limits) if flow.mode == "audio" else f"{limits.text_chars} characters",
        provider.prices,
        "while queued" if provider.can_cancel else "no",
        finds,
        "no" if needed <= provider.uploads else "yes",
    ]
    return f"| {' | '.join(cells)} |"


def _clip(limits: FlowLimits) -> str:
    seconds = "–".join(f"{end:g}" for end in limits.video_seconds)
    sides = "–".join(str(end) for end in limits.sides)
    return f"{_formats(limits.containers)}, {seconds} s, {sides} px, {limits.video_bytes // MEGABYTE} MB"


def _recording(limits: FlowLimits) -> str:
    seconds = "–".join(f"{end:g}" for end in limits.audio_seconds)
    return f"{_formats(limits.audio_formats)}, {seconds} s, {limits.audio_bytes // MEGABYTE} MB"


def _formats(formats: frozenset[str]) -> str:
    return "/".join(sorted(formats))


def inserted(page: str) -> str:
    """The page's text with the table of today."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PROVIDERS.write_text(inserted(PROVIDERS.read_text(encoding="utf-8")), encoding="utf-8")
