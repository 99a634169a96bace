"""RunningHub's standard-model API: Kling's face, speech and lip-sync calls, each a task that `/query` tells about.

Documents: RunningHub's model pages "可灵对口型" (face recognition, speech synthesis, video), its "API Error Code
Reference" and "Get Account Information". HTTP 200 can be an error: `errorCode` decides. A lost submission can't be
looked up, and tasks of these models can't be cancelled.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, ClassVar

from bot.domain.flows import Flow, Stage
from bot.domain.request import Request
from bot.net.faults import BadKey, Mistyped, NotAccepted
from bot.net.lenient import text_of
from bot.net.reply import Reply, lost
from bot.providers._faces import FACE, sound_span
from bot.providers._kling_limits import ADVANCED
from bot.providers._runninghub_api import accepted_body, as_object, told
from bot.providers.base import Accepted, Credentials, Done, Failed, KeyField, Provider, Submission, Waiting

SITES = {"": "https://www.runninghub.ai", "ai": "https://www.runninghub.ai", "cn": "https://www.runninghub.cn"}
CALLS = {"face": "identify-face", "speech": "tts", "lipsync": "lip-sync-video"}
SPEECH = Stage("speech", "Speaking the text", yields=("audio_url",))
LIPSYNC = Stage("lipsync", "Making the video", needs_length=True, uses_kept=True)


class RunningHub(Provider):
    name = "runninghub"
    label = "RunningHub"
    base_url = SITES[""]
    prices = "¥0.35 per 5 s, and ¥0.035 for each face and speech call"
    currency = "CNY"
    credentials: ClassVar[tuple[KeyField, ...]] = (
        KeyField("api_key", "RunningHub API key", "an enterprise shared key"),
        KeyField("site", "Site of that key: ai or cn", "ai", secret=False, required=False),
    )
    # The face comes first: a clip without one is the commonest failure, and is known before speech is paid for.
    flows = (
        Flow("text", "text", ADVANCED, (FACE, SPEECH, LIPSYNC)),
        Flow("audio", "audio", ADVANCED, (FACE, LIPSYNC)),
    )
    uploads = frozenset({"video", "audio"})

    async def submit(self, call: Submission) -> Accepted:
        path = f"/openapi/v2/kling-lip-sync/{CALLS[call.stage]}"
        reply = await self._post(path, call.credentials, self._fields(call), paid=True)
        if task := text_of(as_object(reply.body).get("taskId")):
            return Accepted(task)  # whatever else is said: a task that was made can be asked about
        accepted_body(reply)
        raise lost("the answer has no taskId", paid=True)

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:
        url, headers = self._to("/openapi/v2/query", credentials)
        read = partial(told, stage)
        return await self._http.ask("POST", url, read, again=Waiting, headers=headers, body={"taskId": remote})

    async def check_key(self, credentials: Credentials) -> None:
        reply = await self._post("/uc/openapi/accountStatus", credentials, {"apikey": credentials["api_key"]})
        account = as_object(accepted_body(reply).get("data"))
        if not account:
            raise NotAccepted("the answer has no account")
        if str(account.get("apiType")).upper() == "NORMAL":
            raise BadKey("needs an enterprise shared key")

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:  # noqa: ARG002
        if request.video.seconds is None:
            return None
        calls = len(self.flow(request).stages) - 1  # face and speech
        return Decimal("0.35") * ceil(request.video.seconds / 5) + Decimal("0.035") * calls

    async def upload(self, file: Path, credentials: Credentials) -> str:
        reply = await self._post("/openapi/v2/media/upload/binary", credentials, file=("file", file))
        if url := text_of(as_object(accepted_body(reply).get("data")).get("download_url")):
            return url
        raise NotAccepted("the answer has no download_url")

    def _fields(self, call: Submission) -> dict[str, object]:
        request, yields = call.request, call.yields
        if call.stage == "face":
            return {"videoUrl": call.source("video")}
        if call.stage == "speech":
            voice, speed = self.voices[request.voice or ""], round(request.speed, 1)
            return {"text": request.text, "voiceId": voice.id, "voiceLanguage": voice.language, "voiceSpeed": speed}
        span, audio_id = sound_span(request, yields), yields.get("audio_id")
        return {
            "sessionId": yields["session_id"],
            "faceId": yields["face_id"],
            **({"audioId": audio_id} if audio_id else {"audioUrl": call.source("audio")}),
            "soundStartTime": span["start"],
            "soundEndTime": span["end"],
            "soundInsertTime": span["insert"],
            "soundVolume": request.volume,
            "originalAudioVolume": request.own_volume,
        }

    async def _post(self, path: str, credentials: Credentials, body: object = None, **how: Any) -> Reply:
        url, headers = self._to(path, credentials)
        return await self._http.request("POST", url, headers=headers, body=body, **how)

    def _to(self, path: str, credentials: Credentials) -> tuple[str, dict[str, str]]:
        """The address of a call, and its headers."""
        site = credentials.get("site", "").strip().lower()
        if site not in SITES:
            raise Mistyped(f"the site is ai or cn, not {site}")
        root = SITES[site] if self._base == self.base_url else self._base
        return root + path, {"Authorization": f"Bearer {credentials['api_key']}"}
