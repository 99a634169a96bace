"""A form for the limits that most servers want: four numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import discord

from bot.chat.explain import Form
from bot.words import limits
from bot.words.refusals.limits import BadNumber
from cogs.admin.panel import guild_of_moderator, reply
from cogs.interactions import Interaction
from storage.servers.limit_rules import Rule

MOST = 1_000_000
ASKED: Mapping[str, Rule] = {
    "Videos a day, each member": Rule("everyone", 0, "jobs", "day", 0),
    "Videos at once, each member": Rule("everyone", 0, "active", "now", 0),
    "Videos a day, the whole server": Rule("server", 0, "jobs", "day", 0),
    "US dollars a month, the whole server": Rule("server", 0, "cents", "month", 0),
}


class LimitsForm(Form):
    """Shows what holds now; an emptied field takes the limit away."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__(title="Limits", timeout=900)
        known = {replace(rule, most=0): rule.most for rule in rules}
        self._known = known
        self._fields: dict[str, discord.ui.TextInput[LimitsForm]] = {}
        for label, rule in ASKED.items():
            field: discord.ui.TextInput[LimitsForm] = discord.ui.TextInput(
                default=_written(rule, known[rule]) if rule in known else None,
                placeholder="no limit",
                required=False,
                max_length=10,
            )
            self._fields[label] = field
            self.add_item(discord.ui.Label(text=label, component=field))

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Read all fields, then set what was changed."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        server_rules, by = interaction.client.services.server_rules, interaction.user.id
        wanted = {rule: _read(rule, label, self._fields[label].value) for label, rule in ASKED.items()}
        for rule, most in wanted.items():
            if most is not None and most != self._known.get(rule):
                await server_rules.put(guild_id, replace(rule, most=most), by=by)
            elif most is None and rule in self._known:
                await server_rules.remove(guild_id, rule.subject, rule.subject_id, rule.unit, rule.window, by=by)
        lines = [limits.line(rule) for rule in await server_rules.rules(guild_id)]
        await reply(interaction, "\n".join(["**Limits**, from the next video on", *(lines or ["None."])]))


def _written(rule: Rule, most: int) -> str:
    return f"{most / 100:g}" if rule.unit == "cents" else str(most)


def _read(rule: Rule, label: str, typed: str) -> int | None:
    """The number in the rule's unit, None for no limit; `BadNumber` for what is none."""
    text = typed.strip().removeprefix("$")
    if not text:
        return None
    try:
        number = round(float(text) * 100) if rule.unit == "cents" else int(text)
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number <= MOST:
        raise BadNumber(label=label, typed=typed[:20])
    return number
