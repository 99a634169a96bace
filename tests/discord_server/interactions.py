"""What people do: slash commands, buttons, forms; and what they privately get back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from tests.discord_server.endpoint import Endpoint
from tests.discord_server.gateway import Gateway
from tests.discord_server.rest import TOO_LARGE, read_body, refusal, reply, store_file
from tests.discord_server.state import EPHEMERAL, Json, State

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
SUBCOMMAND, GROUP, TEXT, CHANNEL, ATTACHMENT = 1, 2, 3, 7, 11
SELECT, TEXT_INPUT = 3, 4
REPLY, UPDATE = 4, 7  # kinds of callbacks
LOADING = 1 << 7  # a flag of messages
ALREADY_ANSWERED, UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, INVALID_TOKEN = 40060, 10062, 10015, 50027


class Interaction:
    """One thing that a person did."""

    def __init__(self, interaction_id: int) -> None:
        self.id = interaction_id
        self.callback: Json | None = None
        self.original: Json | None = None
        self.follow_ups: list[Json] = []
        self.most_bytes = 0  # of each file that it takes
        self.expired = False  # after 15 minutes
        self.done_at = 0.0
        self.left_at = 0.0  # for the bot
        self.acknowledged_at = 0.0
        self.acknowledged = asyncio.Event()
        self.answered = asyncio.Event()

    @property
    def messages(self) -> list[Json]:
        """What the person got back privately."""
        return [self.original or {}, *self.follow_ups]

    async def answer(self, seconds: float = 60.0) -> str:
        """The words that the person reads in the end."""
        async with asyncio.timeout(seconds):
            await self.answered.wait()
        assert self.original is not None
        return str(self.original["content"])


class Interactions:
    """Delivers interactions over the gateway and takes the answers."""

    def __init__(self, state: State, gateway: Gateway) -> None:
        self._state = state
        self._gateway = gateway
        self.endpoint = Endpoint(state.signing_key)
        self.bring: Callable[[Json], Awaitable[None]] = self._bring  # what takes each to the bot
        self._by_token: dict[str, Interaction] = {}
        self._last: Json = {}
        self.origin = ""

    def routes(self) -> list[web.RouteDef]:
        """The answers' way back."""
        return [
            web.post("/api/v10/interactions/{id}/{token}/callback", self._callback),
            web.get("/api/v10/webhooks/{application}/{token}/messages/@original", self._get_original),
            web.patch("/api/v10/webhooks/{application}/{token}/messages/@original", self._edit_original),
            web.post("/api/v10/webhooks/{application}/{token}", self._follow_up),
        ]

    async def until_reached(self) -> None:
        """Wait until the bot can be told what people do."""
        await (self.endpoint.until_well() if self.endpoint.address else self._gateway.ready.wait())

    async def slash(
        self, name: str, *, within: Json | None = None, said: Json | None = None, **options: Any
    ) -> Interaction:
        """Use a command, such as `lipsync text`, in the channel or in a thread; a `(file name, bytes)` pair is an
        attachment. `said`: what Discord says of it that is not as usual.
        """
        top, *path = name.split()
        command = next(found for found in self._state.commands if found["name"] == top)
        attachments: dict[str, Json] = {}
        channels: dict[str, Json] = {}
        leaf = command
        for step in path:
            leaf = next(found for found in leaf["options"] if found["name"] == step)
        types = {option["name"]: option["type"] for option in leaf.get("options", [])}
        given = []
        for option, value in options.items():
            if types[option] == ATTACHMENT:
                file = store_file(self._state, self.origin, *value)
                attachments[file["id"]] = file
                value = file["id"]  # noqa: PLW2901
            if types[option] == CHANNEL:
                channels[value] = self._channel()
            given.append({"name": option, "type": types[option], "value": value})
        for depth, step in enumerate(reversed(path)):
            given = [{"name": step, "type": SUBCOMMAND if depth == 0 else GROUP, "options": given}]
        resolved = {"attachments": attachments, "channels": channels}
        data = {"id": command["id"], "name": top, "type": 1, "options": given, "resolved": resolved}
        return await self._deliver(COMMAND, data, **_where(within), **(said or {}))

    async def type_into(self, name: str, option: str, typed: str, **before: str) -> list[Json]:
        """The choices that an option of a command offers for what is typed, after other options were filled in."""
        top, *path = name.split()
        command = next(found for found in self._state.commands if found["name"] == top)
        given: list[Json] = [{"name": one, "type": TEXT, "value": value} for one, value in before.items()]
        given.append({"name": option, "type": TEXT, "value": typed, "focused": True})
        for step in reversed(path):
            given = [{"name": step, "type": SUBCOMMAND, "options": given}]
        data = {"id": command["id"], "name": top, "type": 1, "options": given}
        asked = await self._deliver(AUTOCOMPLETE, data)
        await asyncio.wait_for(asked.acknowledged.wait(), 60)
        assert asked.callback is not None
        choices: list[Json] = asked.callback["data"]["choices"]
        return choices

    async def choose_channel(self, asked: Interaction) -> Interaction:
        """Choose the channel from the only menu of a private answer."""
        assert asked.original
        custom_id = asked.original["components"][0]["components"][0]["custom_id"]
        channel = self._channel()
        resolved = {"channels": {channel["id"]: channel}}
        data = {"custom_id": custom_id, "component_type": 8, "values": [channel["id"]], "resolved": resolved}
        return await self._deliver(COMPONENT, data, message=asked.original)

    def _channel(self) -> Json:
        """The channel, as an interaction brings it."""
        return {**self._state.channel(), "permissions": str(self._state.permissions)}

    async def click(self, message: Json, custom_id: str, **more: Any) -> Interaction:
        """Press a button on a message. `really`: how large a file may be, whatever the interaction says."""
        data = {"custom_id": custom_id, "component_type": 2}
        where = _where(self._state.threads.get(int(message["channel_id"])))
        return await self._deliver(COMPONENT, data, message=message, **where, **more)

    async def choose(self, shown: Interaction, value: str) -> Interaction:
        """Choose one of the options of the menu under a private answer."""
        assert shown.original is not None
        (menu,) = (part for row in shown.original["components"] for part in row["components"] if part["type"] == SELECT)
        data = {"custom_id": menu["custom_id"], "component_type": SELECT, "values": [value]}
        return await self._deliver(COMPONENT, data, message=shown.original)

    async def use_on(self, message: Json, name: str) -> Interaction:
        """Use a command from a message's menu."""
        command = next(found for found in self._state.commands if found["name"] == name)
        resolved = {"messages": {message["id"]: message}}
        data = {"id": command["id"], "name": name, "type": 3, "target_id": message["id"], "resolved": resolved}
        return await self._deliver(COMMAND, data)

    async def submit(self, form: Interaction, values: Mapping[str, Any]) -> Interaction:
        """Fill in the form that an earlier interaction opened, by the fields' labels, and send it; a `(file name, bytes)`
        pair is an upload.
        """
        assert form.callback is not None
        shown = form.callback["data"]
        attachments: dict[str, Json] = {}
        fields = [
            {"type": 18, "id": i, "component": {"id": 50 + i, **self._filled(part["component"], part["label"], values, attachments)}}
            for i, part in enumerate(shown["components"])
        ]  # fmt: skip
        data = {"custom_id": shown["custom_id"], "components": fields, "resolved": {"attachments": attachments}}
        return await self._deliver(MODAL_SUBMIT, data)

    def _filled(self, part: Json, label: str, values: Mapping[str, Any], attachments: dict[str, Json]) -> Json:
        """What a form sends of one field: empty where nothing was given, and a menu's default."""
        sent = {"type": part["type"], "custom_id": part["custom_id"]}
        if part["type"] == TEXT_INPUT:
            return {**sent, "value": values.get(label, "")}
        if part["type"] == SELECT:
            chosen = [option["value"] for option in part["options"] if option["default"]]
            return {**sent, "values": [values[label]] if label in values else chosen}
        files = [store_file(self._state, self.origin, *values[label])] if label in values else []
        attachments |= {file["id"]: file for file in files}
        return {**sent, "values": [file["id"] for file in files]}

    async def _deliver(self, kind: int, data: Json, **more: Any) -> Interaction:
        state = self._state
        interaction = Interaction(state.snowflake())
        interaction.done_at = state.now()
        interaction.most_bytes = int(more.pop("really", more.get("attachment_size_limit", state.file_limit)))
        token = f"interaction-{interaction.id}"
        self._by_token[token] = interaction
        event = {
            "id": str(interaction.id), "application_id": str(state.application_id), "type": kind, "data": data, "version": 1,
            "token": token, "guild_id": str(state.guild_id), "channel_id": str(state.channel_id), "locale": "en-US",
            "guild_locale": "en-US", "member": {**state.as_member(state.member), "roles": [str(role) for role in state.role_ids]},
            "app_permissions": str(state.permissions),
            "channel": {**state.channel(), "permissions": str(state.permissions)}, "entitlements": [], "context": 0,
            "guild": {"id": str(state.guild_id), "locale": "en-US", "features": []},
            "authorizing_integration_owners": {"0": str(state.guild_id)}, "attachment_size_limit": state.file_limit, **more,
        }  # fmt: skip
        self._last = event
        await self.bring(event)
        return interaction

    async def _bring(self, event: Json) -> None:
        if self.endpoint.address:
            assert await self.endpoint.bring(event, partial(self._leave, event)) == 202
        else:
            await self._gateway.ready.wait()
            self._leave(event)
            await self._gateway.send("INTERACTION_CREATE", event)

    def _leave(self, event: Json) -> None:
        self._by_token[event["token"]].left_at = self._state.now()

    async def repeat_last(self) -> None:
        """Deliver the last interaction once more, as a resumed connection may."""
        await self.bring(self._last)

    async def _callback(self, request: web.Request) -> web.Response:
        interaction = self._by_token.get(request.match_info["token"])
        if interaction is None:
            return refusal(404, UNKNOWN_INTERACTION, "Unknown interaction")
        if interaction.callback is not None:
            return refusal(400, ALREADY_ANSWERED, "Interaction has already been acknowledged.")
        interaction.callback, _ = await read_body(request)
        interaction.acknowledged_at = self._state.now()
        interaction.acknowledged.set()
        if interaction.callback["type"] == REPLY:
            interaction.original = interaction.callback["data"]
            interaction.answered.set()
        elif interaction.callback["type"] == UPDATE:  # what stands on the message until the answer
            interaction.original = interaction.callback["data"]
        about = {"id": str(interaction.id), "type": 2, "response_message_id": str(self._state.snowflake())}
        return reply({"interaction": about})

    async def _follow_up(self, request: web.Request) -> web.Response:
        interaction = self._by_token[request.match_info["token"]]
        body, files = await read_body(request)
        if any(len(data) > interaction.most_bytes for _, data in files):
            return refusal(413, TOO_LARGE, "Request entity too large")
        stored = [store_file(self._state, self.origin, *file) for file in files]
        message = self._state.post(0, body, stored)
        del self._state.messages[int(message["id"])]  # nobody else sees it
        interaction.follow_ups.append(message)
        return reply(message)

    async def _get_original(self, request: web.Request) -> web.Response:
        interaction = self._by_token.get(request.match_info["token"])
        if interaction is None or interaction.expired:
            return refusal(401, INVALID_TOKEN, "Invalid Webhook Token")
        if interaction.callback is None:
            return refusal(404, UNKNOWN_WEBHOOK, "Unknown Webhook")
        thinking = self._state.post(0, {"flags": EPHEMERAL | LOADING}, [])
        del self._state.messages[int(thinking["id"])]
        return reply({**thinking, **(interaction.original or {})})

    async def _edit_original(self, request: web.Request) -> web.Response:
        interaction = self._by_token[request.match_info["token"]]
        if interaction.expired:
            return refusal(401, INVALID_TOKEN, "Invalid Webhook Token")
        body, files = await read_body(request)
        if any(len(data) > interaction.most_bytes for _, data in files):
            return refusal(413, TOO_LARGE, "Request entity too large")
        earlier = interaction.original or {}
        kept = earlier.get("attachments", []) if "attachments" not in body else []
        body = {name: earlier[name] for name in ("content", "components") if name in earlier} | body
        stored = [store_file(self._state, self.origin, *file) for file in files]
        interaction.original = self._state.post(0, body, kept + stored)
        interaction.answered.set()
        return reply(interaction.original)


def _where(thread: Json | None) -> Json:
    """What an interaction says of the thread in which it happened."""
    return {"channel_id": thread["id"], "channel": thread} if thread else {}
