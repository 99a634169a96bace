"""A form for the limits that most servers want: four numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import discord
from pydantic import TypeAdapter

from bot.app.client import Mouthpiece
from bot.chat.forms import Form
from bot.words import forms
from bot.words.admin import quota
from bot.words.forms import Field
from bot.words.refusals.limits import BadNumber
from cogs.admin.panel import guild_of_moderator, reply
from cogs.interactions import Interaction, defer
from storage.servers.limit_rules import Rule

MOST = 1_000_000
_RULES = TypeAdapter(list[Rule])


class LimitsForm(Form):
    """Shows what holds now; an emptied field takes the limit away."""

    kind = "limits"

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__(title=forms.LIMITS)
        self._rules = rules
        known = {replace(rule, most=0): rule.most for rule in rules}
        self._known = known
        self._fields: dict[str, discord.ui.TextInput[LimitsForm]] = {}
        for label, rule in forms.LIMIT_FIELDS.items():
            field: discord.ui.TextInput[LimitsForm] = discord.ui.TextInput(
                default=_written(rule, known[rule]) if rule in known else None,
                placeholder=forms.NO_LIMIT,
                required=False,
                max_length=10,
            )
            self._fields[label] = field
            self.ask(f"{rule.subject}-{rule.unit}", Field(label), field)

    @property
    def about(self) -> str:
        """What held when it was opened."""
        return _RULES.dump_json(list(self._rules)).decode()

    @classmethod
    def reopened(cls, about: str, _client: Mouthpiece) -> LimitsForm:
        """The same."""
        return cls(_RULES.validate_json(about))

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Read all fields, then set what was changed."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "limits")
        server_rules, by = interaction.client.services.server_rules, interaction.user.id
        wanted = {rule: _read(rule, label, self._fields[label].value) for label, rule in forms.LIMIT_FIELDS.items()}
        for rule, most in wanted.items():
            if most is not None and most != self._known.get(rule):
                await server_rules.put(guild_id, replace(rule, most=most), by=by)
            elif most is None and rule in self._known:
                await server_rules.remove(guild_id, rule.subject, rule.subject_id, rule.unit, rule.window, by=by)
        await reply(interaction, quota.rules_set(await server_rules.rules(guild_id)))


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
