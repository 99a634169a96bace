"""The gateway: HELLO, IDENTIFY or RESUME, heartbeats, events."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import WSMsgType, web

from tests.discord_server.state import TOKEN, Json, State

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 9, 10, 11
AUTHENTICATION_FAILED = 4004


class Gateway:
    """One session at a time. Every event is kept, so that a RESUME can replay what was missed."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._events: list[Json] = []
        self.socket: web.WebSocketResponse | None = None
        self.ready = asyncio.Event()
        self.resumed = 0
        self.refuses_with: int | None = None  # the close code that every IDENTIFY gets

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 41_250}, "s": None, "t": None})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._receive(socket, json.loads(message.data), str(request.url.origin()))
        if self.socket is socket:
            self.socket = None
            self.ready.clear()
        return socket

    async def send(self, name: str, data: Json) -> None:
        """Send an event, or keep it for the RESUME while nobody is connected."""
        event = {"op": DISPATCH, "t": name, "d": data, "s": len(self._events) + 1}
        self._events.append(event)
        if self.socket is not None:
            with suppress(ConnectionError):
                await self.socket.send_json(event)

    async def drop(self) -> None:
        """Break the connection as a network does."""
        if self.socket is not None and self.socket._req is not None and self.socket._req.transport:
            self.socket._req.transport.abort()

    async def refuse(self, code: int) -> None:
        """Close the connection with this code."""
        assert self.socket is not None
        await self.socket.close(code=code)

    async def _receive(self, socket: web.WebSocketResponse, message: Json, origin: str) -> None:
        if message["op"] == HEARTBEAT:
            await socket.send_json({"op": ACK, "d": None, "s": None, "t": None})
        elif message["op"] == IDENTIFY:
            if message["d"]["token"] != TOKEN:
                await socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
                return
            if self.refuses_with is not None:
                await socket.close(code=self.refuses_with)
                return
            await self._identify(socket, origin)
        elif message["op"] == RESUME:
            self.socket = socket
            self.resumed += 1
            for event in self._events[message["d"]["seq"] :]:
                await socket.send_json(event)
            await self.send("RESUMED", {})
            self.ready.set()

    async def _identify(self, socket: web.WebSocketResponse, origin: str) -> None:
        self._events.clear()
        self.socket = socket
        state = self._state
        ready = {
            "v": 10, "user": state.bot, "session_id": "session", "resume_gateway_url": f"{origin.replace('http', 'ws')}/gateway/",
            "guilds": [{"id": str(state.guild_id), "unavailable": True}], "private_channels": [], "relationships": [],
            "application": {"id": str(state.application_id), "flags": 0},
        }  # fmt: skip
        await self.send("READY", ready)
        if not state.withheld:
            await self.send("GUILD_CREATE", state.guild())
        self.ready.set()
