"""The HTTP API, as far as the bot uses it, with Discord's own error codes."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.discord_server.state import TOKEN, Json, State, numbered

UNKNOWN_MEMBER = 10007
THREAD_EXISTS, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, TOO_LARGE, UNAUTHORIZED = 160004, 10003, 10008, 40005, 0
UNKNOWN_GUILD = 10004
THREAD_ARCHIVED, THREAD_LOCKED, MISSING_ACCESS, MISSING_PERMISSIONS = 50083, 160005, 50001, 50013
SPOILER = 1 << 3  # a flag of attachments
SENT: web.RequestKey[object] = web.RequestKey("sent", object)  # the JSON of a request, once it is read


class Rest:
    """Routes below `/api/v10`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        """Everything but interactions."""
        api, message = "/api/v10", "/channels/{channel}/messages/{message}"
        return [
            web.get(f"{api}/users/@me", self._me),
            web.get(f"{api}/users/@me/guilds", self._guilds),
            web.get(f"{api}/guilds/{{guild}}", self._guild),
            web.get(f"{api}/guilds/{{guild}}/members/{{user}}", self._member),
            web.get(f"{api}/oauth2/applications/@me", self._application),
            web.put(f"{api}/applications/{{application}}/commands", self._sync),
            web.post(f"{api}/users/@me/channels", self._direct),
            web.post(f"{api}/channels/{{channel}}/messages", self._post),
            web.get(f"{api}/channels/{{channel}}/messages", self._history),
            web.get(f"{api}/channels/{{channel}}", self._channel),
            web.patch(f"{api}/channels/{{channel}}", self._edit_thread),
            web.get(f"{api}{message}", self._one),
            web.patch(f"{api}{message}", self._edit),
            web.delete(f"{api}{message}", self._delete),
            web.post(f"{api}{message}/threads", self._open_thread),
            web.get(f"{api}/guilds/{{guild}}/auto-moderation/rules", self._automod),
            web.get(f"{api}/guilds/{{guild}}/members/{{user}}", self._one_member),
            web.get("/files/{name:.+}", self._file),
        ]

    async def _me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return refusal(401, UNAUTHORIZED, "401: Unauthorized")
        return reply(self._state.bot)

    async def _guilds(self, request: web.Request) -> web.Response:
        """The list, in order of the ids, a page at a time."""
        state, limit, after = self._state, int(request.query["limit"]), int(request.query.get("after", 0))
        known = {state.guild_id, *state.others} - ({state.guild_id} if state.kicked else set())
        page = sorted(guild_id for guild_id in known if guild_id > after)[:limit]
        return reply([{"id": str(guild_id), "name": "Club", "owner": False, "permissions": "0"} for guild_id in page])

    async def _guild(self, request: web.Request) -> web.Response:
        state = self._state
        if int(request.match_info["guild"]) != state.guild_id or state.kicked:
            return refusal(404, UNKNOWN_GUILD, "Unknown Guild")
        return reply(state.guild())

    async def _member(self, _: web.Request) -> web.Response:
        return reply(self._state.as_member(self._state.bot))

    async def _application(self, _: web.Request) -> web.Response:
        return reply(
            {
                "id": str(self._state.application_id), "name": "mouthpiece", "description": "", "icon": None,
                "bot_public": True, "bot_require_code_grant": False, "verify_key": self._state.public_key,
                "interactions_endpoint_url": self._state.interactions_address, "flags": 0, "team": None,
                "owner": self._state.member, "rpc_origins": [], "summary": "",
            }
        )  # fmt: skip

    async def _sync(self, request: web.Request) -> web.Response:
        application = str(self._state.application_id)
        given = {"description": "", "application_id": application, "version": "1"}
        self._state.commands = [
            {**given, **command, "id": str(self._state.snowflake())} for command in (await read_body(request))[0]
        ]
        return reply(self._state.commands)

    async def _direct(self, request: web.Request) -> web.Response:
        body, _ = await read_body(request)
        channel_id = self._state.direct_channel(int(body["recipient_id"]))
        return reply({"id": str(channel_id), "type": 1, "last_message_id": None, "flags": 0, "recipients": []})

    async def _post(self, request: web.Request) -> web.Response:
        state, channel_id = self._state, int(request.match_info["channel"])
        body, files = await read_body(request)
        if refused := self._refused(channel_id):
            return refused
        if files and state.files_denied and channel_id not in state.direct:
            return refusal(403, MISSING_PERMISSIONS, "Missing Permissions")
        if thread := state.threads.get(channel_id):
            if thread["thread_metadata"]["locked"]:
                code = THREAD_ARCHIVED if thread["thread_metadata"]["archived"] else THREAD_LOCKED
                return refusal(400, code, "Thread is locked")
            thread["thread_metadata"]["archived"] = False
        key = (channel_id, str(body.get("nonce")))
        if body.get("enforce_nonce") and key in state.nonces:
            posted = state.messages.get(state.nonces[key])
            return reply(posted) if posted else refusal(404, UNKNOWN_MESSAGE, "Unknown Message")
        if any(len(data) > state.file_limit for _, data in files):
            return refusal(413, TOO_LARGE, "Request entity too large")
        message = state.post(channel_id, body, [self._store(request, name, data) for name, data in files])
        if body.get("nonce"):
            state.nonces[key] = int(message["id"])
        return reply(message)

    async def _history(self, request: web.Request) -> web.Response:
        channel_id = int(request.match_info["channel"])
        if refused := self._refused(channel_id):
            return refused
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        found = [message for message in self._state.posted(channel_id) if int(message["id"]) > after][:limit]
        return reply(list(reversed(found)))

    async def _edit(self, request: web.Request) -> web.Response:
        message = self._state.messages.get(int(request.match_info["message"]))
        if message is None:
            return refusal(404, UNKNOWN_MESSAGE, "Unknown Message")
        if refused := self._refused(int(message["channel_id"])):
            return refused
        if self._asleep(message):
            return refusal(400, THREAD_ARCHIVED, "Thread is archived")
        body, files = await read_body(request)
        message |= {name: body[name] for name in ("content", "flags") if name in body}
        if "components" in body:
            message["components"] = numbered(body["components"])
        if "attachments" in body:
            kept = [self._kept(message, part) for part in body["attachments"] if "filename" not in part]
            message["attachments"] = [*kept, *(self._store(request, *file) for file in files)]
        return reply(message)

    def _kept(self, message: Json, part: Json) -> Json:
        """An attachment that an edit keeps, with what the edit says of it."""
        found: Json = next(file for file in message["attachments"] if file["id"] == str(part["id"]))
        return {**found, "flags": SPOILER if part.get("is_spoiler") and not self._state.marks_ignored else 0}

    async def _channel(self, request: web.Request) -> web.Response:
        channel_id = int(request.match_info["channel"])
        if not self._exists(channel_id):
            return refusal(404, UNKNOWN_CHANNEL, "Unknown Channel")
        return reply(self._state.threads.get(channel_id) or self._state.channel())

    async def _edit_thread(self, request: web.Request) -> web.Response:
        thread = self._state.threads[int(request.match_info["channel"])]
        body, _ = await read_body(request)
        thread["name"] = body.get("name", thread["name"])
        thread["thread_metadata"]["archived"] = body.get("archived", thread["thread_metadata"]["archived"])
        return reply(thread)

    def _asleep(self, message: Json) -> bool:
        """Whether the message is in an archived thread, where nothing can be changed."""
        thread = self._state.threads.get(int(message["channel_id"]))
        return bool(thread and thread["thread_metadata"]["archived"])

    async def _one(self, request: web.Request) -> web.Response:
        message = self._state.messages.get(int(request.match_info["message"]))
        if message is None or message["channel_id"] != request.match_info["channel"]:
            return refusal(404, UNKNOWN_MESSAGE, "Unknown Message")
        return reply(message)

    async def _delete(self, request: web.Request) -> web.Response:
        if self._state.messages.pop(int(request.match_info["message"]), None) is None:
            return refusal(404, UNKNOWN_MESSAGE, "Unknown Message")
        return web.Response(status=204)

    async def _open_thread(self, request: web.Request) -> web.Response:
        message_id = int(request.match_info["message"])
        if message_id not in self._state.messages:
            return refusal(404, UNKNOWN_MESSAGE, "Unknown Message")
        if message_id in self._state.threads:
            return refusal(400, THREAD_EXISTS, "A thread has already been created for this message")
        body, _ = await read_body(request)
        return reply(self._state.thread(message_id, body["name"]), status=201)

    async def _one_member(self, request: web.Request) -> web.Response:
        user_id = int(request.match_info["user"])
        if self._state.kicked or user_id in self._state.left:
            return refusal(404, UNKNOWN_MEMBER, "Unknown Member")
        return reply(self._state.as_member(self._state.user("somebody", user_id=user_id)))

    async def _automod(self, _: web.Request) -> web.Response:
        return reply(self._state.automod)

    async def _file(self, request: web.Request) -> web.Response:
        data = self._state.files.get(request.match_info["name"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    def _exists(self, channel_id: int) -> bool:
        state = self._state
        known = channel_id == state.channel_id or channel_id in state.threads or channel_id in state.direct
        return known and channel_id not in state.gone

    def _refused(self, channel_id: int) -> web.Response | None:
        """Why the bot can neither read nor write there."""
        state = self._state
        if not self._exists(channel_id):
            return refusal(404, UNKNOWN_CHANNEL, "Unknown Channel")
        if state.kicked and channel_id not in state.direct:
            return refusal(403, MISSING_ACCESS, "Missing Access")
        within = int(state.threads[channel_id]["parent_id"]) if channel_id in state.threads else channel_id
        code = state.denied.get(channel_id) or state.denied.get(within)
        return refusal(403, code, "Missing Permissions") if code else None

    def _store(self, request: web.Request, name: str, data: bytes) -> Json:
        return store_file(self._state, str(request.url.origin()), name, data)


def store_file(state: State, origin: str, name: str, data: bytes) -> Json:
    """Keep a file; the attachment that stands for it."""
    file_id = state.snowflake()
    state.files[f"{file_id}/{name}"] = data
    url = f"{origin}/files/{file_id}/{name}?ex=ffffffff&is=1&hm=signature"
    return {"id": str(file_id), "filename": name, "size": len(data), "url": url, "proxy_url": url}


async def read_body(request: web.Request) -> tuple[Any, list[tuple[str, bytes]]]:
    """The JSON of a request, and the files that came with it."""
    if request.content_type != "multipart/form-data":
        body = request[SENT] = await request.json()
        return body, []
    body = {}
    files = []
    async for part in await request.multipart():
        assert not isinstance(part, web.BaseRequest)
        data: Any = await part.read()  # type: ignore[union-attr]
        if part.name == "payload_json":  # type: ignore[union-attr]
            body = json.loads(data)
        else:
            files.append((str(part.filename), bytes(data)))  # type: ignore[union-attr]
    request[SENT] = body
    return body, files


def reply(body: object, status: int = 200) -> web.Response:
    """An answer with exactly the content type that discord.py looks for."""
    return web.Response(status=status, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def refusal(status: int, code: int, message: str) -> web.Response:
    """An error as Discord words it."""
    return reply({"code": code, "message": message}, status)
