"""RunComfy's Model API: Kling lip-sync, one call per video (docs.runcomfy.com, "Model APIs").

Two models, text and audio. The run is decided by `/result`: `/status` may say `completed` for a run that failed.
There is no way to look up a submission whose answer was lost, and only queued runs can be cancelled.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.flows import Flow, Stage
from bot.domain.request import Request
from bot.net.faults import BadKey, Gone, InputRejected, OutOfCredit, ProviderError
from bot.net.lenient import Courtesy, Usd, Word, text_of
from bot.net.reply import Reply, lost
from bot.providers._kling_limits import LEGACY
from bot.providers.base import MISSING, Accepted, Credentials, Done, Failed, KeyField, Provider, Submission, Waiting

MODELS = {"text": "kling/kling/lipsync/text-to-video", "audio": "kling/kling/lipsync/audio-to-video"}
DONE = {"completed", "succeeded", "success"}
FAILED = {"failed", "error"}
CANCELLED = {"cancelled", "canceled"}
WAITING = {"", "in_queue", "in_progress", "pending", "waiting", "starting", "processing"}
ERRORS: dict[str, type[ProviderError]] = {
    "400001": Gone,  # InvalidResourceIdentifier
    "400002": OutOfCredit,  # InsufficientResources
    "400004": BadKey,  # UserAccountError: a bad or expired token
    "401001": BadKey,
    "403001": BadKey,  # PermissionDeniedError: another account's request
    "403003": BadKey,
    "404001": Gone,  # ResourceNotFound, expired ones too
    "422001": InputRejected,
}


class _Run(BaseModel):
    """All that any answer may hold; every part may be missing."""

    model_config = ConfigDict(coerce_numbers_to_str=True, str_strip_whitespace=True)
    request_id: str = ""
    status: Word = ""
    outcome: Word = ""
    queue_position: Courtesy[Annotated[int, Field(ge=0, lt=10**6)]] = None
    output: Any = None
    error: Any = None
    cost: Usd = None
    base_price_usd: Usd = None


class RunComfy(Provider):
    name = "runcomfy"
    label = "RunComfy"
    base_url = "https://model-api.runcomfy.net"
    credentials: ClassVar[tuple[KeyField, ...]] = (KeyField("api_key", "RunComfy API token", "runcomfy.com → Profile"),)
    prices = "per video; its price is asked for when the key is saved"
    can_cancel = True
    pricing = "video"
    # The limits are documented for the text model; not seen for the audio model, and taken to be the same.
    flows = (
        Flow("text", "text", LEGACY, (Stage("text", "Making the video"),)),
        Flow("audio", "audio", LEGACY, (Stage("audio", "Making the video"),)),
    )

    async def submit(self, call: Submission) -> Accepted:
        request = call.request
        body: dict[str, object] = {"video_url": call.source("video")}
        if request.mode == "text":
            voice = self.voices[request.voice or ""]
            body |= {"text": request.text, "voice_id": voice.id, "voice_language": voice.language}
            body["voice_speed"] = request.speed
        else:
            body["audio_url"] = call.source("audio")
        run = await self._call("POST", f"/v1/models/{MODELS[request.mode]}", call.credentials, body, paid=True)
        if not run.request_id:
            raise lost("the answer has no request_id", paid=True)
        return Accepted(run.request_id)

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:  # noqa: ARG002
        path = f"/v1/requests/{quote(remote, safe='')}"
        url, headers = f"{self._base}{path}/status", _headers(credentials)
        if waiting := await self._http.ask("GET", url, _waiting, again=Waiting, headers=headers):
            return waiting
        run = await self._call("GET", f"{path}/result?include_cost=true", credentials)
        word = run.status.lower()
        if word in CANCELLED:
            return Failed("cancelled_by_provider", cost_usd=run.cost)
        if word in FAILED or run.error:
            return Failed("provider_failed", str(run.error or word)[:300], run.cost)
        if word not in DONE:
            return Waiting()
        url = _video_url(run.output)
        return Done({"video_url": url}, run.cost) if url else Failed(MISSING, "no video", run.cost)

    async def cancel(self, stage: str, remote: str, credentials: Credentials) -> bool:  # noqa: ARG002
        run = await self._call("POST", f"/v1/requests/{quote(remote, safe='')}/cancel", credentials)
        return run.outcome.lower() in CANCELLED

    async def check_key(self, credentials: Credentials) -> None:
        await self._call("GET", f"/v1/models/{MODELS['text']}", credentials)

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:
        return (await self._call("GET", f"/v1/models/{MODELS[request.mode]}", credentials)).base_price_usd

    async def _call(
        self, method: str, path: str, credentials: Credentials, body: object = None, *, paid: bool = False
    ) -> _Run:
        url, headers = self._base + path, _headers(credentials)
        return _run(await self._http.request(method, url, headers=headers, body=body, paid=paid))


def _headers(credentials: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['api_key']}"}


def _run(reply: Reply) -> _Run:
    """What an answer holds, once neither a code in it nor the status says that something is wrong."""
    answer = reply.body if isinstance(reply.body, dict) else {}
    code = answer.get("error_code") or answer.get("code") or 0
    message = answer.get("error_message") or answer.get("message") or answer.get("error") or ""
    detail = f"{code} {message} {answer.get('detail') or ''}".strip()
    if fault := ERRORS.get(str(code)):
        raise fault(detail)
    reply.raise_by_status(detail)
    if code or not answer:  # HTTP 200 that carries an error of its own, or nothing
        reply.unusable(detail)
    try:
        return _Run.model_validate(answer)
    except ValidationError:
        reply.unusable("the answer has an unexpected form")


def _waiting(reply: Reply) -> Waiting | None:
    """How a run is doing that was asked about; None once there is a result to look at."""
    word = (run := _run(reply)).status.lower()
    is_over = word in DONE | FAILED | CANCELLED
    return None if is_over else Waiting(position=run.queue_position, word="" if word in WAITING else word)


def _video_url(output: Any) -> str:
    """The first video of an output whose parts may be missing, a plain address, or an object with one."""
    output = output if isinstance(output, dict) else {"videos": output}
    videos = output.get("videos") or []
    for part in (output.get("video"), *(videos if isinstance(videos, list) else [videos])):
        if url := text_of(part.get("url") if isinstance(part, dict) else part):
            return url
    return ""
