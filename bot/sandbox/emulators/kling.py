"""Kling's own API, emulated: both kinds of keys, both lip-sync calls, faces, speech, the account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import jwt
from aiohttp import web

from bot.sandbox.emulators import Emulator
from bot.sandbox.kling_forms import (
    AUDIO_ENDINGS,
    SHORTEST_MS,
    TIMES,
    Handler,
    Refused,
    address_in,
    answered,
    body_of,
    face_order,
    judged,
    legacy_order,
    number_in,
    only,
    spoken_in,
    task_data,
)
from bot.sandbox.runs import Run
from bot.sandbox.studio import Order

Call = Callable[[str, Any, str], Awaitable[object]]


class KlingEmulator(Emulator):
    """The routes. A key is anything that starts with `kl-`, or a token signed by access key `ak-X` with the secret
    `sk-kling-X`; one with `poor` in it has no credit.
    """

    name = "kling"

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, below `prefix`."""
        videos = f"{prefix}/v1/videos"
        return [
            web.post(
                f"{videos}/{{call:(?i:identify-face)}}", _paid(self._faces)
            ),  # clients write it Identify-face, too
            web.post(f"{videos}/lip-sync", _paid(self._legacy)),
            web.post(f"{videos}/advanced-lip-sync", _paid(self._advanced)),
            web.post(f"{prefix}/v1/audio/tts", _paid(self._speech)),
            web.get(f"{videos}/{{kind:lip-sync|advanced-lip-sync}}/{{id}}", judged(self._query)),
            web.get(f"{videos}/advanced-lip-sync", judged(self._list)),
            web.get(f"{prefix}/account/costs", judged(self._costs)),
            web.route("*", prefix + "/{path:.*}", judged(_unknown_path)),
        ]

    async def _faces(self, account: str, body: Any, _: str) -> object:
        seen = await self.runs.at_once(account, face_order(body))
        if seen.status != "completed":
            raise Refused(1201, f"human detection failed: {seen.error}")
        face = {"face_id": "0", "face_image": "https://p.example/f.jpg", "start_time": 0}
        faces = [{**face, "end_time": round(seen.seconds * 1000)}]
        return {"session_id": seen.id, "final_unit_deduction": "0.05", "face_data": faces}

    async def _legacy(self, account: str, body: Any, _: str) -> object:
        return {**task_data(self.runs.accept(account, legacy_order(body)), ""), "task_status": "submitted"}

    async def _speech(self, account: str, body: Any, origin: str) -> object:
        only(body, "text", "voice_id", "voice_language", "voice_speed")
        run = await self.runs.at_once(account, Order(**spoken_in(body, 1000), makes="speech"))
        assert run.result
        audio = {"id": run.id, "url": f"{origin}/files/{run.result.name}", "duration": f"{run.seconds:.3f}"}
        return {**TIMES, "task_id": run.id, "task_status": "succeed", "task_result": {"audios": [audio]}}

    async def _advanced(self, account: str, body: Any, origin: str) -> object:
        only(body, "session_id", "face_choose", "external_task_id", "callback_url", "watermark_info")
        session = self._own(account, body.get("session_id"), "face")
        chosen = body.get("face_choose")
        if not isinstance(chosen, list) or len(chosen) != 1 or not isinstance(chosen[0], dict):
            raise Refused(1201, "face_choose: exactly one face is supported")
        handle = body.get("external_task_id") or ""
        if not isinstance(handle, str):
            raise Refused(1201, "external_task_id: must be a string")
        if handle and self.runs.find(account, handle):
            raise Refused(1201, "external_task_id: already exists")
        run = self.runs.accept(account, self._dub(account, session, chosen[0], origin), handle=handle)
        return {**task_data(run, ""), "task_status": "submitted"}

    def _dub(self, account: str, session: Run, face: dict[str, Any], origin: str) -> Order:
        times = ("sound_start_time", "sound_end_time", "sound_insert_time")
        only(face, "face_id", "audio_id", "sound_file", *times, "sound_volume", "original_audio_volume")
        if face.get("face_id") != "0":
            raise Refused(1201, "face_id: not found")
        if bool(face.get("audio_id")) == bool(face.get("sound_file")):
            raise Refused(1201, "exactly one of audio_id and sound_file is required")
        start, end, insert = (int(number_in(face, name, 0, 60_000)) for name in times)
        if end - start < SHORTEST_MS:
            raise Refused(1201, "the kept sound must be 2 seconds or longer")
        if insert + end - start > session.seconds * 1000 + 100:
            raise Refused(1201, "the sound must lie inside the video")
        if face.get("audio_id"):
            made = self._own(account, face["audio_id"], "speech")
            if end > round(made.seconds * 1000):  # as long as the speech call said that it is
                raise Refused(1201, "sound_end_time: longer than the sound")
            assert made.result
            audio = f"{origin}/files/{made.result.name}"
        else:
            audio = address_in(face, "sound_file", AUDIO_ENDINGS)
        return Order(
            session.order.video_url,
            audio_url=audio,
            start=start,
            end=end,
            insert=insert,
            volume=number_in(face, "sound_volume", 0, 2, 1.0),
            own_volume=number_in(face, "original_audio_volume", 0, 2, 1.0),
        )

    def _own(self, account: str, run_id: object, makes: str) -> Run:
        run = self.runs.get(run_id) if isinstance(run_id, str) else None
        if run is None or run.account != account or run.order.makes != makes:
            raise Refused(1201, "session_id or audio_id: not found")
        return run

    async def _query(self, request: web.Request) -> web.Response:
        account, name = _account(request), request.match_info["id"]
        run = self.runs.get(name)
        if run is None or run.account != account:
            run = self.runs.find(account, name) if request.match_info["kind"] == "advanced-lip-sync" else None
        if run is None or run.order.makes != "video":
            raise Refused(1203, "task not found")
        return answered(task_data(run, str(request.url.origin())))

    async def _list(self, request: web.Request) -> web.Response:
        account, size = _account(request), request.query.get("pageSize", "30")
        if not size.isdigit() or not 1 <= int(size) <= 500:
            raise Refused(1201, "pageSize: must be between 1 and 500")
        runs = [run for run in reversed(self.runs.ledger) if run.account == account and run.order.makes == "video"]
        return answered([task_data(run, str(request.url.origin())) for run in runs[: int(size)]])

    async def _costs(self, request: web.Request) -> web.Response:
        _account(request)
        if not all(request.query.get(name, "").isdigit() for name in ("start_time", "end_time")):
            raise Refused(1200, "start_time and end_time are required")
        return answered({"code": 0, "msg": "ok", "resource_pack_subscribe_infos": []})


async def _unknown_path(request: web.Request) -> web.StreamResponse:
    _account(request)
    raise Refused(1202, "the requested path or method does not exist")


def _paid(call: Call) -> Handler:
    """A call that takes an account, a body and the address of this server, and costs something."""

    async def handle(request: web.Request) -> web.StreamResponse:
        account, body = _account(request), await body_of(request)
        if "poor" in account:
            raise Refused(1102, "resource package used up or expired")
        return answered(await call(account, body, str(request.url.origin())))

    return judged(handle)


def _account(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        raise Refused(1001, "Authorization is empty")
    if scheme != "Bearer":
        raise Refused(1002, "Authorization is invalid")
    if token.startswith("kl-"):
        return token
    try:
        access = str(jwt.decode(token, options={"verify_signature": False}).get("iss"))
        jwt.decode(token, f"sk-kling-{access.removeprefix('ak-')}", ["HS256"], options={"require": ["exp", "nbf"]})
    except jwt.ImmatureSignatureError:
        raise Refused(1003, "Authorization is not valid yet") from None
    except jwt.ExpiredSignatureError:
        raise Refused(1004, "Authorization is expired") from None
    except jwt.InvalidTokenError:
        raise Refused(1002, "Authorization is invalid") from None
    if not access.startswith("ak-"):
        raise Refused(1002, "Authorization is invalid")
    return access
