"""The custom ids of all buttons. They lie in messages for as long as those exist, so a released one never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.words import buttons
from storage.servers.case import CaseKind

# Followed by the id of a job.
CANCEL_PREFIX = "v1:cancel:"
AGAIN_PREFIX, VOICE_PREFIX = "v1:again:", "v1:voice:"
REPORT_PREFIX, DELETE_PREFIX, FULL_PREFIX = "v1:report:", "v1:delete:", "v1:full:"
APPROVE_PREFIX, DENY_PREFIX = "v1:approve:", "v1:deny:"
RESTORE_PREFIX, REMOVE_PREFIX, BLOCK_PREFIX = "v1:restore:", "v1:remove:", "v1:block:"
REFUND_PREFIX, CHARGED_PREFIX, FREE_PREFIX = "v1:refund:", "v1:charged:", "v1:free:"

# Followed by something else, or by nothing.
ATTEST_PREFIX = "v1:attest:"  # the id of the command that asked
MEND_PREFIX = "v1:fix:"  # what is to be done, the id of the command, and whether the clip's rest stays
DIRECT_PREFIX = "v1:direct:"  # what is wanted: on or off
FORGET_ID = "v1:forget"
FORM_PREFIX = "v1:form:"  # the kind of form, and the id of the interaction that opened it
PANEL_PREFIX = "v1:panel:"  # what a moderator chooses on it

# What moderators can decide about a job by the kind of the case: label, prefix and style of each button.
DECISIONS: Mapping[CaseKind, Sequence[tuple[str, str, discord.ButtonStyle]]] = {
    "held": (
        (buttons.APPROVE, APPROVE_PREFIX, discord.ButtonStyle.success),
        (buttons.DENY, DENY_PREFIX, discord.ButtonStyle.secondary),
    ),
    "reported": (
        (buttons.RESTORE, RESTORE_PREFIX, discord.ButtonStyle.success),
        (buttons.REMOVE, REMOVE_PREFIX, discord.ButtonStyle.danger),
        (buttons.REMOVE_AND_BLOCK, BLOCK_PREFIX, discord.ButtonStyle.danger),
    ),
    "unknown": (
        (buttons.WAS_CHARGED, CHARGED_PREFIX, discord.ButtonStyle.secondary),
        (buttons.WAS_NOT_CHARGED, FREE_PREFIX, discord.ButtonStyle.secondary),
    ),
}
