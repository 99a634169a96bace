"""What people type, wherever it is shown: it mentions nobody, and breaks no card."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from tests.cogs.test_moderation import admin, log_channel, pick, told
from tests.world import World, answer

RTL = "\u202egnirts sdrawkcab\u2066"
HOSTILE = {
    "everyone": "Hello @everyone and @here, and everybody else",
    "mentions": "Hello <@{member}> <@&{role}> <#{channel}> </lipsync text:1>",
    "markdown": "# big **bold** ~~no~~ `code` ```block``` > quote || hidden || [link](https://evil.example) - list",
    "lines": "one\n# two\n-# three\r\n> four and some more",
    "right to left": f"Hello {RTL} there, שלום לכולם and more",
    "emoji": "🎬" * 1000,
    "family": "👩‍👩‍👧‍👦" * 90,
    "zalgo": "h̷̢̧͈̻̦̭̐̎e̴̢̛l̵l̷o " * 20,
    "braces": "{job} {0} {self.__class__} %s %(x)s and more",
}


def all_texts(messages: list[discord.Message]) -> list[str]:
    """Everything that stands in messages, plain or in components."""

    def inside(parts: Any) -> list[str]:
        found = []
        for part in parts:
            found += [part.content] if hasattr(part, "content") else []
            found += inside(getattr(part, "children", []))
        return found

    own = [message for message in messages if message.type is discord.MessageType.default]  # not Discord's own lines
    return [text for message in own for text in (message.content, *inside(message.components))]


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_members_text_mentions_nobody_and_breaks_no_card(world: World, kind: str) -> None:
    role = world.guild.create_role("Everybody")
    text = HOSTILE[kind].format_map({"member": world.moderator.id, "role": role.id, "channel": world.channel.id, **{
        name: "{" + name + "}" for name in ("job", "0", "self")
    }}) if kind == "mentions" else HOSTILE[kind]  # fmt: skip
    log = await log_channel(world)
    await world.add_key(provider="runcomfy")
    said = await world.text(text=text[:120])
    assert "is on its way" in said
    await world.quiet()
    name = "".join(char if char.isprintable() else "_" for char in text[:40])  # Discord's addresses hold no others
    said = await world.audio(audio=(f"{name}.mp3", b"x"))
    assert "is on its way" in said
    await world.quiet()
    await told(log, "finished")
    await admin(world, "access block", member=world.member, reason=text[:200])
    await told(log, "is blocked")
    await admin(world, "quota grant", amount=1, unit="jobs", lasting="1d", reason=text[:100])
    await told(log, "1 video more")
    listed = await admin(world, "jobs")
    opened = await pick(world, listed, ["1"])
    private = [
        answer(shown)
        for shown in (opened, listed, await admin(world, "access status"), await admin(world, "quota list"))
    ]
    rooms = (world.channel, log, *world.channel.threads)
    public = all_texts([message for room in rooms for message in room.history()])
    for shown in (*public, *private):
        assert "@everyone" not in shown
        assert "@here" not in shown
        assert f"<@&{role.id}>" not in shown
        assert f"<#{world.channel.id}>" not in shown
        assert "\u202e" not in shown
        assert "\n# " not in shown.replace("## Lip-sync", "").replace("### 🎬", "")
        assert "[link](" not in shown
        assert len(shown) <= 2000
    assert all(len(thread.name or "") <= 100 for thread in world.channel.threads)
    assert not any(message.mention_everyone or message.role_mentions for room in rooms for message in room.history())
