"""RunComfy's Model API, emulated: as strict as its documents, so that a wrong request fails as it would in the
world.
"""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.domain.voices import voices_of
from bot.sandbox.emulators import Emulator
from bot.sandbox.runs import Run
from bot.sandbox.studio import Order

PRICE_USD = 0.05
SECONDS, SIDES = (2.0, 10.0), (720, 1920)
TEXT_MODEL = "kling/kling/lipsync/text-to-video"
AUDIO_MODEL = "kling/kling/lipsync/audio-to-video"
VOICE_IDS = frozenset(voice.id for voice in voices_of("runcomfy").values())


def _known_voice(voice_id: str) -> str:
    if voice_id not in VOICE_IDS:
        raise ValueError("is not one of the voices")
    return voice_id


Url = Annotated[str, Field(pattern=r"^https?://\S+$")]


class _TextInput(BaseModel):
    model_config = ConfigDict(extra="forbid")
    video_url: Url
    text: Annotated[str, Field(min_length=1, max_length=120)]
    voice_id: Annotated[str, AfterValidator(_known_voice)]
    voice_language: Literal["en", "zh"] = "en"
    voice_speed: Annotated[float, Field(ge=0.8, le=2.0)] = 1.0


class _AudioInput(BaseModel):
    model_config = ConfigDict(extra="forbid")
    video_url: Url
    audio_url: Url


class RunComfyEmulator(Emulator):
    """The routes. A key is anything that starts with `rc-`; `rc-poor…` has no credit. Each key is an account."""

    name = "runcomfy"

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, below `prefix`."""
        model, run = f"{prefix}/v1/models/{{model:.+}}", f"{prefix}/v1/requests/{{id}}"
        return [
            web.get(model, self._model),
            web.post(model, self._submit),
            web.get(f"{run}/status", self._status),
            web.get(f"{run}/result", self._result),
            web.post(f"{run}/cancel", self._cancel),
        ]

    async def _model(self, request: web.Request) -> web.Response:
        _account(request)
        model = _model_id(request)
        return web.json_response({"model_id": model, "base_price_usd": PRICE_USD, "price_unit": "request"})

    async def _submit(self, request: web.Request) -> web.Response:
        account = _account(request)
        model = _model_id(request)
        form = _TextInput if model == TEXT_MODEL else _AudioInput
        try:
            given = form.model_validate_json(await request.read())
        except ValidationError as error:
            mistakes = [{"loc": mistake["loc"], "msg": mistake["msg"]} for mistake in error.errors(include_url=False)]
            raise _refusal(web.HTTPUnprocessableEntity, 422001, "Unprocessable", detail=mistakes) from None
        if account.startswith("rc-poor"):
            raise _refusal(web.HTTPPaymentRequired, 400002, "InsufficientResources")
        if isinstance(given, _TextInput):
            order = Order(
                given.video_url,
                text=given.text,
                voice_id=given.voice_id,
                language=given.voice_language,
                speed=given.voice_speed,
                seconds=SECONDS,
                sides=SIDES,
            )
        else:
            order = Order(given.video_url, audio_url=given.audio_url, seconds=SECONDS, sides=SIDES)
        run = self.runs.accept(account, order, "rc-run-")
        return web.json_response({"request_id": run.id, **_links(request, run)})

    async def _status(self, request: web.Request) -> web.Response:
        run = self._run(request)
        body: dict[str, object] = {"request_id": run.id, "status": run.status, **_links(request, run)}
        if run.status == "failed":
            body["status"] = "completed"  # the failure shows in /result only
        if run.status == "in_queue":
            body["queue_position"] = self.runs.position(run)
        return web.json_response(body)

    async def _result(self, request: web.Request) -> web.Response:
        run = self._run(request)
        words = {"completed": "succeeded"}
        body: dict[str, object] = {"request_id": run.id, "status": words.get(run.status, run.status)}
        if run.result:
            body["output"] = {"video": f"{request.url.origin()}/files/{run.result.name}"}
        if run.error:
            body["error"] = {"message": run.error}
        if request.query.get("include_cost") == "true" and run.status in {"completed", "failed"}:
            body["cost"] = PRICE_USD if run.result else 0
        return web.json_response(body)

    async def _cancel(self, request: web.Request) -> web.Response:
        run = self._run(request)
        outcome = "cancelled" if self.runs.cancel(run) else "not_cancellable"
        return web.json_response({"request_id": run.id, "status": "completed", "outcome": outcome}, status=202)

    def _run(self, request: web.Request) -> Run:
        account = _account(request)
        run = self.runs.get(request.match_info["id"])
        if run is None:
            raise _refusal(web.HTTPNotFound, 404001, "ResourceNotFound")
        if run.account != account:
            raise _refusal(web.HTTPForbidden, 403001, "PermissionDeniedError")
        return run


def _account(request: web.Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key.startswith("rc-"):
        raise _refusal(web.HTTPUnauthorized, 400004, f"UserAccountError: bad token {key}")
    return key


def _model_id(request: web.Request) -> str:
    model = request.match_info["model"]
    if model not in {TEXT_MODEL, AUDIO_MODEL}:
        raise _refusal(web.HTTPBadRequest, 400001, "InvalidResourceIdentifier")
    return model


def _links(request: web.Request, run: Run) -> dict[str, str]:
    base = str(request.url.origin()) + request.path.partition("/v1/")[0] + f"/v1/requests/{run.id}"
    return {f"{what}_url": f"{base}/{what}" for what in ("status", "result", "cancel")}


def _refusal(kind: type[web.HTTPException], code: int, message: str, **more: object) -> web.HTTPException:
    answer = web.json_response({"error_code": code, "error_message": message, **more})
    return kind(text=answer.text, content_type="application/json")
