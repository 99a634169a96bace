"""RunningHub's standard-model API, emulated: Kling's face, speech and lip-sync calls, upload and account.

As strict as its model pages "可灵对口型": all answers are HTTP 200, and `errorCode` says what is wrong.
"""

from __future__ import annotations

import json
from mimetypes import guess_type
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from pydantic import ValidationError

from bot.sandbox.emulators import Emulator
from bot.sandbox.emulators.runninghub_forms import FaceForm, Form, LipSyncForm, SpeechForm
from bot.sandbox.runs import Run
from bot.sandbox.studio import Order

SECONDS, SIDES = (2.0, 60.0), (512, 2160)
ROUNDING_MS = 100  # a sound file is a little longer than what was spoken
TASK = "2"  # before a run's number, so that a task's id has 19 digits; sessions and sounds are the number alone
STATUSES = {"in_queue": "QUEUED", "in_progress": "RUNNING", "completed": "SUCCESS", "failed": "FAILED"}
AnyForm = TypeVar("AnyForm", bound=Form)


class RunningHubEmulator(Emulator):
    """The routes. A key is anything that starts with `rh-`; `rh-poor…` has no credit, `rh-normal…` is not an enterprise
    key. Each key is an account.
    """

    name = "runninghub"

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, below `prefix`."""
        api = f"{prefix}/openapi/v2"
        return [
            web.post(f"{api}/kling-lip-sync/identify-face", self._face),
            web.post(f"{api}/kling-lip-sync/tts", self._speech),
            web.post(f"{api}/kling-lip-sync/lip-sync-video", self._lip_sync),
            web.post(f"{api}/query", self._query),
            web.post(f"{api}/media/upload/binary", self._upload),
            web.post(f"{prefix}/uc/openapi/accountStatus", self._account_status),
        ]

    async def _face(self, request: web.Request) -> web.Response:
        account, form = await _paying(request, FaceForm)
        return self._accept(request, account, Order(form.video_url or "", makes="face", seconds=SECONDS, sides=SIDES))

    async def _speech(self, request: web.Request) -> web.Response:
        account, form = await _paying(request, SpeechForm)
        voice, language, speed = form.voice_id, form.voice_language, form.voice_speed
        order = Order(text=form.text, voice_id=voice, language=language, speed=speed, makes="speech")
        return self._accept(request, account, order)

    async def _lip_sync(self, request: web.Request) -> web.Response:
        account, form = await _paying(request, LipSyncForm)
        face = self._made(account, "face", form.session_id)
        if form.sound_insert_time + form.sound_end_time - form.sound_start_time > _ms(face):
            raise _refusal("1007", "the sound goes on after the face")
        sound = form.audio_url or ""
        if form.audio_id is not None:
            speech = self._made(account, "speech", form.audio_id)
            if not SECONDS[0] <= speech.seconds <= SECONDS[1] or form.sound_end_time > _ms(speech) + ROUNDING_MS:
                raise _refusal("1007", "the made speech ends before soundEndTime, or is not 2 to 60 s long")
            sound = _link(request, speech)
        order = Order(
            face.order.video_url,
            audio_url=sound,
            start=form.sound_start_time,
            end=form.sound_end_time,
            insert=form.sound_insert_time,
            volume=form.sound_volume,
            own_volume=form.original_audio_volume,
            seconds=SECONDS,
            sides=SIDES,
        )
        return self._accept(request, account, order)

    async def _query(self, request: web.Request) -> web.Response:
        account, asked = _account(request), _json(await request.read()).get("taskId")
        run = self.runs.get(asked) if isinstance(asked, str) else None
        if run is None or run.account != account:
            raise _refusal("1007", "task not found")
        return _answer(request, run)

    async def _upload(self, request: web.Request) -> web.Response:
        _account(request)
        file = (await request.post()).get("file")
        if not isinstance(file, web.FileField):
            return web.json_response({"code": 301, "message": "PARAMS_INVALID: file", "data": None})
        name = self.runs.keep(data := file.file.read(), Path(file.filename).suffix)
        kept = {
            "type": (guess_type(file.filename)[0] or "file").partition("/")[0],
            "download_url": f"{request.url.origin()}/files/{name}",
            "fileName": f"openapi/{name}",
            "size": str(len(data)),
        }
        return web.json_response({"code": 0, "message": "success", "data": kept})

    async def _account_status(self, request: web.Request) -> web.Response:
        key = _json(await request.read()).get("apikey")
        if not isinstance(key, str) or not key.startswith("rh-"):
            code, words = (802, "APIKEY_UNAUTHORIZED") if key else (1601, "apiKey is required")
            return web.json_response({"code": code, "msg": words, "data": None})
        account = {
            "remainCoins": "0",
            "currentTaskCounts": "0",
            "remainMoney": "0" if key.startswith("rh-poor") else "100.000",
            "currency": "CNY",
            "apiType": "NORMAL" if key.startswith("rh-normal") else "SHARED",
        }
        return web.json_response({"code": 0, "msg": "success", "data": account})

    def _accept(self, request: web.Request, account: str, order: Order) -> web.Response:
        if account.startswith("rh-poor"):
            raise _refusal("812", "CORPAPIKEY_INSUFFICIENT_FUNDS")
        return _answer(request, self.runs.accept(account, order, TASK))

    def _made(self, account: str, what: str, number: str) -> Run:
        run = self.runs.get(TASK + number)
        if run is None or run.account != account or run.order.makes != what or run.status != "completed":
            raise _refusal("1007", f"no {what} of that id")
        return run


def _account(request: web.Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        raise _refusal("1601", "apiKey is required")
    if not key.startswith("rh-"):
        raise _refusal("1002", f"bad key {key}")
    return key


async def _paying(request: web.Request, form: type[AnyForm]) -> tuple[str, AnyForm]:
    """The account and what it asks for; refused where the key may not, or the form isn't as documented."""
    account = _account(request)
    if account.startswith("rh-normal"):
        raise _refusal("1014", "this needs an enterprise shared key")
    try:
        return account, form.model_validate_json(await request.read())
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors()]
        raise _refusal("1007", "; ".join(mistakes)) from None


def _json(raw: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(raw))
    except (TypeError, ValueError):
        return {}


def _link(request: web.Request, run: Run) -> str:
    return f"{request.url.origin()}/files/{run.result.name if run.result else ''}"


def _ms(run: Run) -> int:
    return round(run.seconds * 1000)


def _results(request: web.Request, run: Run) -> list[dict[str, str | None]]:
    number = run.id.removeprefix(TASK)
    if run.order.makes == "video":
        return [_item(_link(request, run), "mp4")]
    if run.order.makes == "speech":
        return [_item(_link(request, run), "mp3"), _item(text=number)]
    face = {"end_time": _ms(run), "face_id": "0", "start_time": 0}
    picture = _item(f"{request.url.origin()}/files/{run.id}.jpg", "jpg")  # nobody needs it, so there is none
    return [picture, _item(text=json.dumps({"session_id": number})), _item(text=json.dumps(face))]


def _item(url: str | None = None, kind: str = "text", text: str | None = None) -> dict[str, str | None]:
    return {"url": url, "outputType": kind, "text": text}


def _answer(request: web.Request, run: Run) -> web.Response:
    code = {"face": "1013"}.get(run.order.makes, "1015") if run.status == "failed" else ""
    results = _results(request, run) if run.status == "completed" else None
    return web.json_response(_envelope(run.id, STATUSES.get(run.status, "CANCEL"), code, run.error, results))


def _envelope(task: str, status: str, code: str, words: str, results: object = None) -> dict[str, object]:
    return {
        "taskId": task,
        "status": status,
        "errorCode": code,
        "errorMessage": words,
        "failedReason": {},
        "usage": {"consumeMoney": None, "consumeCoins": None, "taskCostTime": "0", "thirdPartyConsumeMoney": None},
        "results": results,
        "clientId": "",
        "promptTips": "",
    }


def _refusal(code: str, words: str) -> web.HTTPException:
    return web.HTTPOk(text=json.dumps(_envelope("", "", code, words)), content_type="application/json")
