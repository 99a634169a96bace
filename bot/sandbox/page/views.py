"""What one person sees of the simulated Discord, as JSON for the page. Messages are Discord's own payloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simcord.actors import MemberActor
from simcord.backend import serializers
from simcord.backend.access import can_access_channel
from simcord.backend.models import Channel
from simcord.enums import AppCommandType
from simcord.env import Env
from simcord.interactions import command_leaves

Json = dict[str, Any]


def snapshot(env: Env, person: MemberActor, channel_id: int) -> Json:
    """Everything that the page shows at once. `channel` is 0 where the person can't read that channel."""
    channels = {channel.id: channel for channel in _readable(env, person)}
    shown = channel_id if channel_id in channels else 0
    return {
        "server": person.guild.name,
        "channels": [_channel(env, person, channel) for channel in channels.values()],
        "channel": str(shown),
        "messages": list(_messages(env, person, shown, channels)) if shown else [],
        "names": {
            **{f"@{user.id}": user.name for user in env.backend.users.values()},
            **{f"#{channel.id}": channel.name or "" for channel in env.backend.channels.values()},
            **{f"&{role.id}": role.name for role in person.guild.roles.values()},
        },
        "menus": [command["name"] for command in _commands(env, person, shown, AppCommandType.MESSAGE)],
    }


def commands(env: Env, person: MemberActor, channel_id: int) -> list[Json]:
    """The slash commands that the person may use there, with Discord's description of each option."""
    found = _commands(env, person, channel_id, AppCommandType.CHAT_INPUT)
    return [
        {"name": " ".join(path), "description": leaf["description"], "options": leaf.get("options") or []}
        for command in found
        for path, leaf in command_leaves(command)
    ]


def _commands(env: Env, person: MemberActor, channel_id: int, kind: AppCommandType) -> list[Json]:
    channel = env.backend.channels.get(channel_id)
    if channel is None or channel.guild_id is None:
        return []
    return env.backend.visible_commands(user_id=person.id, channel_id=channel_id, type=kind)


def _readable(env: Env, person: MemberActor) -> Iterator[Channel]:
    """The channels of the server with their threads, and the person's direct messages."""
    for channel in list(env.backend.channels.values()):
        mine = channel.guild_id is None and can_access_channel(env, channel.id, person.user)
        if mine or (channel.guild_id is not None and can_access_channel(env, channel.id, person, history=True)):
            yield channel


def _channel(env: Env, person: MemberActor, channel: Channel) -> Json:
    seen = [item for item in _stored(env, channel.id) if item.visible_to(person.id)]
    pings = [item.id for item in seen if person.id in item.ping_user_ids]
    kind = "direct" if channel.guild_id is None else "thread" if channel.is_thread else "text"
    return {
        "id": str(channel.id),
        "name": channel.name or "Mouthpiece",
        "kind": kind,
        "parent": str(channel.parent_id or ""),
        "newest": str(seen[-1].id if seen else 0),
        "ping": str(pings[-1] if pings else 0),
    }


def _messages(env: Env, person: MemberActor, channel_id: int, channels: dict[int, Channel]) -> Iterator[Json]:
    for message in _stored(env, channel_id):
        if message.visible_to(person.id):
            payload: Json = {**serializers.message_payload(env.backend, message)}
            payload["pings"] = person.id in message.ping_user_ids
            thread = channels.get(message.id)
            if thread is not None and thread.id != channel_id:
                count = len(_stored(env, thread.id))
                payload["thread"] = {"id": str(thread.id), "name": thread.name, "count": count}
            yield payload


def _stored(env: Env, channel_id: int) -> list[Any]:
    return sorted(env.backend.messages.get(channel_id, {}).values(), key=lambda message: message.id)
