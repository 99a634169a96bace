"""What people do: slash commands, buttons, forms; and what they privately get back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.discord_server.gateway import Gateway
from tests.discord_server.rest import read_body, refusal, reply, store_file
from tests.discord_server.state import Json, State

COMMAND, COMPONENT, MODAL_SUBMIT = 2, 3, 5
SUBCOMMAND, GROUP, ATTACHMENT = 1, 2, 11
ALREADY_ANSWERED, UNKNOWN_INTERACTION = 40060, 10062


class Interaction:
    """One thing that a person did."""

    def __init__(self, interaction_id: int) -> None:
        self.id = interaction_id
        self.callback: Json | None = None
        self.original: Json | None = None
        self.acknowledged = asyncio.Event()
        self.answered = asyncio.Event()

    async def answer(self, seconds: float = 10.0) -> str:
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
        self._by_token: dict[str, Interaction] = {}
        self._last: Json = {}
        self.origin = ""

    def routes(self) -> list[web.RouteDef]:
        """The answers' way back."""
        return [
            web.post("/api/v10/interactions/{id}/{token}/callback", self._callback),
            web.patch("/api/v10/webhooks/{application}/{token}/messages/@original", self._edit_original),
        ]

    async def slash(self, name: str, **options: Any) -> Interaction:
        """Use a command, such as `lipsync text`; a `(file name, bytes)` pair is an attachment."""
        top, *path = name.split()
        command = next(found for found in self._state.commands if found["name"] == top)
        attachments: dict[str, Json] = {}
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
            given.append({"name": option, "type": types[option], "value": value})
        for depth, step in enumerate(reversed(path)):
            given = [{"name": step, "type": SUBCOMMAND if depth == 0 else GROUP, "options": given}]
        data = {"id": command["id"], "name": top, "type": 1, "options": given, "resolved": {"attachments": attachments}}
        return await self._deliver(COMMAND, data)

    async def click(self, message: Json, custom_id: str) -> Interaction:
        """Press a button on a message."""
        data = {"custom_id": custom_id, "component_type": 2}
        thread = self._state.threads.get(int(message["channel_id"]))
        where = {"channel_id": message["channel_id"], "channel": thread} if thread else {}
        return await self._deliver(COMPONENT, data, message=message, **where)

    async def submit(self, form: Interaction, values: Mapping[str, str]) -> Interaction:
        """Fill in the form that an earlier interaction opened, by the fields' labels, and send it."""
        assert form.callback is not None
        shown = form.callback["data"]
        fields = [
            {"type": 18, "id": i, "component": {"type": 4, "id": 50 + i, "custom_id": label["component"]["custom_id"],
                                               "value": values[label["label"]]}}
            for i, label in enumerate(shown["components"])
        ]  # fmt: skip
        return await self._deliver(MODAL_SUBMIT, {"custom_id": shown["custom_id"], "components": fields})

    async def _deliver(self, kind: int, data: Json, **more: Any) -> Interaction:
        state = self._state
        interaction = Interaction(state.snowflake())
        token = f"interaction-{interaction.id}"
        self._by_token[token] = interaction
        await self._gateway.ready.wait()
        event = {
            "id": str(interaction.id), "application_id": str(state.application_id), "type": kind, "data": data, "version": 1,
            "token": token, "guild_id": str(state.guild_id), "channel_id": str(state.channel_id), "locale": "en-US",
            "guild_locale": "en-US", "member": state.as_member(state.member), "app_permissions": str(state.permissions),
            "channel": {**state.channel(), "permissions": str(state.permissions)}, "entitlements": [], "context": 0,
            "guild": {"id": str(state.guild_id), "locale": "en-US", "features": []},
            "authorizing_integration_owners": {"0": str(state.guild_id)}, "attachment_size_limit": state.file_limit, **more,
        }  # fmt: skip
        self._last = event
        await self._gateway.send("INTERACTION_CREATE", event)
        return interaction

    async def repeat_last(self) -> None:
        """Deliver the last interaction once more, as a resumed connection may."""
        await self._gateway.send("INTERACTION_CREATE", self._last)

    async def _callback(self, request: web.Request) -> web.Response:
        interaction = self._by_token.get(request.match_info["token"])
        if interaction is None:
            return refusal(404, UNKNOWN_INTERACTION, "Unknown interaction")
        if interaction.callback is not None:
            return refusal(400, ALREADY_ANSWERED, "Interaction has already been acknowledged.")
        interaction.callback, _ = await read_body(request)
        interaction.acknowledged.set()
        if interaction.callback["type"] == 4:
            interaction.original = interaction.callback["data"]
            interaction.answered.set()
        about = {"id": str(interaction.id), "type": 2, "response_message_id": str(self._state.snowflake())}
        return reply({"interaction": about})

    async def _edit_original(self, request: web.Request) -> web.Response:
        interaction = self._by_token[request.match_info["token"]]
        body, _ = await read_body(request)
        interaction.original = self._state.post(0, body, [])
        interaction.answered.set()
        return reply(interaction.original)
