"""ai.alad.com, emulated: Kling's calls in the shapes of that gateway."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.sandbox.emulators import Emulator
from bot.sandbox.kling_forms import (
    AUDIO_ENDINGS,
    Refused,
    address_in,
    answered,
    body_of,
    face_order,
    judged,
    only,
    spoken_in,
    task_data,
)
from bot.sandbox.runs import Run
from bot.sandbox.studio import Order

VIDEOS = "/kling/v1/videos"
STATUSES = {"in_queue": "SUBMITTED", "in_progress": "PROCESSING", "completed": "SUCCESS"}


class AladEmulator(Emulator):
    """The routes. A key is anything that starts with `al-`; one with `poor` in it has no credit."""

    name = "alad"

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, below `prefix`."""
        videos = prefix + VIDEOS
        return [
            web.post(f"{videos}/identify-face", judged(self._faces)),
            web.post(f"{videos}/advanced-lip-sync", judged(self._create)),
            web.get(f"{videos}/advanced-lip-sync/{{id}}", self._query),
        ]

    async def _faces(self, request: web.Request) -> web.Response:
        if refusal := _unpaid(request):
            return refusal
        seen = await self.runs.at_once(_key(request), face_order(await body_of(request)))
        if seen.status != "completed":
            raise Refused(1201, f"human detection failed: {seen.error}")
        rectangle = {"x": 10, "y": 10, "width": 200, "height": 200}
        return answered({"session_id": seen.id, "face_list": [{"face_id": "0", "face_rect": rectangle}]})

    async def _create(self, request: web.Request) -> web.Response:
        if refusal := _unpaid(request):
            return refusal
        run = self.runs.accept(_key(request), self._dub(_key(request), await body_of(request)))
        flat = {"id": run.id, "task_id": run.id, "object": "video", "model": "kling-lip-sync", "status": ""}
        return web.json_response({**flat, "progress": 0, "created_at": 1_722_769_557})

    def _dub(self, key: str, body: dict[str, Any]) -> Order:
        given = body.get("input")
        if not isinstance(given, dict):
            raise Refused(1201, "input: must not be null")
        only(body, "session_id", "input", "callback_url")
        session = self.runs.get(str(given.get("session_id") or body.get("session_id")))
        if session is None or session.account != key or session.order.makes != "face":
            raise Refused(1201, "session_id: not found")
        video = session.order.video_url
        if given.get("mode") == "text2video":
            only(given, "session_id", "mode", "text", "voice_id", "voice_language", "voice_speed")
            return Order(video, **spoken_in(given, 120))
        if given.get("mode") != "audio2video":
            raise Refused(1201, "input.mode: allowed values: text2video, audio2video")
        only(given, "session_id", "mode", "audio_type", "audio_url")
        return Order(video, audio_url=address_in(given, "audio_url", AUDIO_ENDINGS))

    async def _query(self, request: web.Request) -> web.Response:
        key = _key(request)
        if not key:
            return _no_key()
        run = self.runs.get(request.match_info["id"])
        if run is None or run.account != key or run.order.makes != "video":
            return web.json_response({"code": "task_not_exist", "message": "task_not_exist", "data": None}, status=404)
        return wrapped(run, str(request.url.origin()))


def wrapped(run: Run, origin: str) -> web.Response:
    """How a task is doing, with Kling's own answer two levels deep in the gateway's."""
    inner = {"code": 0, "message": "SUCCEED", "request_id": "9", "data": task_data(run, origin)}
    data = {
        "task_id": run.id,
        "action": "lip-sync",
        "status": STATUSES.get(run.status, "FAILURE"),
        "fail_reason": run.error,
        "progress": "100%" if run.result else "30%",
        "submit_time": 1_722_769_557,
        "data": inner,
    }
    return web.json_response({"code": "success", "message": "", "data": data})


def _key(request: web.Request) -> str:
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return key if key.startswith("al-") else ""


def _unpaid(request: web.Request) -> web.Response | None:
    """The answer to a key that is none, or has no credit."""
    if not _key(request):
        return _no_key()
    error = {"code": "insufficient_user_quota", "message": "quota is not enough", "data": None}
    return web.json_response(error, status=403) if "poor" in _key(request) else None


def _no_key() -> web.Response:
    return web.json_response({"error": {"message": "invalid token", "type": "api_error", "code": ""}}, status=401)
