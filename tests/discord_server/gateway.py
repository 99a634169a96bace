"""The gateway: HELLO, IDENTIFY or RESUME, heartbeats, events."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.discord_server.rest import reply
from tests.discord_server.state import TOKEN, Json, State

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 9, 10, 11
AUTHENTICATION_FAILED = 4004


@dataclass
class Session:
    """One shard's. Every event is kept, so that a RESUME can replay what was missed."""

    socket: web.WebSocketResponse | None = None  # None while the connection is lost
    events: list[Json] = field(default_factory=list)

    async def send(self, name: str, data: Json) -> None:
        """Send an event, or keep it for the RESUME while nobody is connected."""
        event = {"op": DISPATCH, "t": name, "d": data, "s": len(self.events) + 1}
        self.events.append(event)
        if self.socket is not None:
            with suppress(ConnectionError):
                await self.socket.send_json(event)


class Gateway:
    """One session a shard at a time."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.sessions: dict[int, Session] = {}
        self.shard_count = 1  # as advised; then as the bot says
        self.connections = 0  # so far
        self.ready = asyncio.Event()
        self.resumed = 0
        self.refuses_with: int | None = None  # the close code that every IDENTIFY and RESUME gets

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse()
        self.connections += 1
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 41_250}, "s": None, "t": None})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._receive(socket, json.loads(message.data), str(request.url.origin()))
        for session in self.sessions.values():
            if session.socket is socket:
                session.socket = None
                self.ready.clear()
        return socket

    async def send(self, name: str, data: Json) -> None:
        """Send an event of the server, or keep it for the RESUME while its shard is not connected."""
        await self.sessions[self._home].send(name, data)

    async def drop(self, shard_id: int = 0) -> None:
        """Break a connection as a network does."""
        socket = self.sessions[shard_id].socket
        if socket is not None and socket._req is not None and socket._req.transport:
            socket._req.transport.abort()

    async def forget(self, shard_id: int = 0) -> None:
        """Break a connection, and its session cannot be resumed."""
        socket = self.sessions.pop(shard_id).socket
        assert socket is not None
        await socket.send_json({"op": INVALID_SESSION, "d": False, "s": None, "t": None})

    async def refuse(self, code: int) -> None:
        """Close the connection with this code, and every later one: what comes at that moment may break the first."""
        socket = self.sessions[0].socket
        assert socket is not None
        self.refuses_with = code
        await socket.close(code=code)

    async def advise(self, request: web.Request) -> web.Response:
        """Tell how many shards there should be."""
        limits = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        url = f"{str(request.url.origin()).replace('http', 'ws')}/gateway/"
        return reply({"url": url, "shards": self.shard_count, "session_start_limit": limits})

    @property
    def _home(self) -> int:
        """The shard of the server."""
        return (self._state.guild_id >> 22) % self.shard_count

    async def _receive(self, socket: web.WebSocketResponse, message: Json, origin: str) -> None:
        if message["op"] == HEARTBEAT:
            await socket.send_json({"op": ACK, "d": None, "s": None, "t": None})
        elif message["op"] in {IDENTIFY, RESUME} and self.refuses_with is not None:
            await socket.close(code=self.refuses_with)
        elif message["op"] == IDENTIFY:
            if message["d"]["token"] != TOKEN:
                await socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
                return
            await self._identify(socket, message["d"].get("shard", [0, 1]), origin)
        elif message["op"] == RESUME:
            session = self.sessions[int(message["d"]["session_id"])]
            session.socket = socket
            self.resumed += 1
            for event in session.events[message["d"]["seq"] :]:
                await socket.send_json(event)
            await session.send("RESUMED", {})
            self.ready.set()

    async def _identify(self, socket: web.WebSocketResponse, shard: list[int], origin: str) -> None:
        shard_id, self.shard_count = shard
        session = self.sessions[shard_id] = Session(socket)
        state = self._state
        servers = [] if state.kicked or shard_id != self._home else [state.guild()]
        ready = {
            "v": 10, "user": state.bot, "session_id": str(shard_id), "shard": shard,
            "resume_gateway_url": f"{origin.replace('http', 'ws')}/gateway/",
            "guilds": [{"id": server["id"], "unavailable": True} for server in servers],
            "private_channels": [], "relationships": [], "application": {"id": str(state.application_id), "flags": 0},
        }  # fmt: skip
        await session.send("READY", ready)
        for server in () if state.withheld else servers:
            await session.send("GUILD_CREATE", server)
        if shard_id == self._home:
            self.ready.set()
