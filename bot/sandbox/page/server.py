"""Serves the page: its files, a stream of what a person sees, and what they do."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import simcord
from aiohttp import web
from simcord.actors import MemberActor

from bot.sandbox.page import views
from bot.sandbox.page.actions import Actions, CannotDo, File
from bot.sandbox.page.suggestions import suggestions
from bot.sandbox.stage import Stage

STATIC = Path(__file__).parent / "static"
FONTS = Path(simcord.__file__).parent / "preview" / "static" / "fonts"  # for machines that have no emoji
LOOK = 0.2  # seconds between two looks at what has changed
MOST_UPLOAD = 64 * 2**20  # bytes; the page knows it, too
HERE = {"127.0.0.1", "localhost"}
# So that nothing of the page leaves this machine, and no file that somebody attached acts as a part of it.
POLICY, FILE_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'", "sandbox"


def served_at(environment: Mapping[str, str]) -> tuple[str, int]:
    """The address of this machine and the port where the page is: those of `HTTP_HOST` and `HTTP_PORT`, as the image
    sets them; else any free port, for this machine only.
    """
    port = environment.get("HTTP_PORT", "")
    return environment.get("HTTP_HOST", "127.0.0.1"), int(port) if port.isdecimal() else 0


@asynccontextmanager
async def serve_page(stage: Stage, samples: Path, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the page until the end; its address on this machine. The files in `samples` can be attached by their names.
    A container needs a `host` that is reached from outside, and a `port` that can be published; 0 is any that is free.
    """
    runner = web.AppRunner(Page(stage, samples).app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class Page:
    """The page's handlers. Only pages from its own address are answered."""

    def __init__(self, stage: Stage, samples: Path) -> None:
        self._stage = stage
        self._samples = samples
        self._people = stage.people
        self._actions = Actions(stage.env, self._people)
        self.app = web.Application(middlewares=[self._guarded], client_max_size=MOST_UPLOAD)
        self.app.add_routes(
            [
                web.get("/", self._index),
                web.get("/start", self._start),
                web.get("/events", self._events),
                web.get("/commands", self._commands),
                web.post("/act", self._act),
                web.get("/files/{path:.+}", self._file),
                web.static("/static", STATIC),
                web.static("/fonts", FONTS),
            ]
        )

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if request.host.partition(":")[0] not in HERE or origin not in {None, f"http://{request.host}"}:
            raise web.HTTPForbidden
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers["Cache-Control"] = "no-store"
            response.headers.setdefault("Content-Security-Policy", POLICY)
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    async def _index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _start(self, _request: web.Request) -> web.Response:
        """Tell who is there, where to begin, and what can be tried."""
        people = [
            {"key": key, "id": str(person.id), "name": person.name, "role": self._role(person)}
            for key, person in self._people.items()
        ]
        roles = [{"id": str(role.id), "name": role.name} for role in self._stage.moderator.guild.roles.values()]
        first = next(iter(self._stage.channel.threads), self._stage.channel)
        samples = sorted(path.name for path in self._samples.iterdir())
        return web.json_response(
            {
                "people": people,
                "roles": roles,
                "channel": str(first.id),
                "studio": str(self._stage.channel.id),
                "samples": samples,
                "suggestions": suggestions(),
            }
        )

    def _role(self, person: MemberActor) -> str:
        return "moderator" if person is self._stage.moderator else "member"

    async def _events(self, request: web.Request) -> web.StreamResponse:
        person, channel_id = self._asked(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        told = ""
        while True:
            seen = json.dumps(views.snapshot(self._stage.env, person, channel_id))
            if seen != told:
                told = seen
                shown = seen.replace(self._stage.sandbox.attachments_url, "/files")
                try:
                    await response.write(f"data: {shown}\n\n".encode())
                except ConnectionResetError:
                    return response
            await asyncio.sleep(LOOK)

    async def _commands(self, request: web.Request) -> web.Response:
        person, channel_id = self._asked(request)
        return web.json_response(views.commands(self._stage.env, person, channel_id))

    def _asked(self, request: web.Request) -> tuple[MemberActor, int]:
        person, channel = self._people.get(request.query.get("as", "")), request.query.get("channel", "")
        if person is None or not channel.isdecimal():
            raise web.HTTPNotFound
        return person, int(channel)

    async def _act(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            act = json.loads(str(form["act"]))
            person, chosen = self._people[act["as"]], dict(act.get("samples", {}))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise web.HTTPBadRequest from None
        files: dict[str, File] = {
            name.removeprefix("file:"): (_plain(value.filename), await asyncio.to_thread(value.file.read))
            for name, value in form.items()
            if isinstance(value, web.FileField)
        }
        try:
            for option, name in chosen.items():
                files[option] = (name, await asyncio.to_thread((self._samples / Path(name).name).read_bytes))
            async with self._stage.turn:
                done = await self._actions.act(person, act, files)
        except OSError:
            done = {"refused": "That file of the demo isn't there any more. Choose another, or start the demo again."}
        except CannotDo as why:
            done = {"refused": str(why)}
        return web.json_response(done)

    async def _file(self, request: web.Request) -> web.Response:
        """Serve an attached file, whole or the part that was asked for: players jump to and fro."""
        data = self._stage.env.backend.cdn.get(f"{self._stage.sandbox.attachments_url}/{request.match_info['path']}")
        if data is None:
            raise web.HTTPNotFound
        kind = mimetypes.guess_type(request.path)[0] or "application/octet-stream"
        headers = {"Accept-Ranges": "bytes", "Content-Security-Policy": FILE_POLICY}
        try:
            asked = request.http_range
        except ValueError:
            raise web.HTTPRequestRangeNotSatisfiable from None
        if asked.start is None and asked.stop is None:
            return web.Response(body=data, content_type=kind, headers=headers)
        start, stop, _ = asked.indices(len(data))
        if start >= stop:
            raise web.HTTPRequestRangeNotSatisfiable
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        return web.Response(status=206, body=data[start:stop], content_type=kind, headers=headers)


def _plain(name: str) -> str:
    """A file's name as Discord keeps it: without what would need quoting in an address."""
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)
