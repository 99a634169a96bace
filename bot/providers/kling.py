"""Kling's own API ("Lip Sync", "Identify Face", "Text to Speech", "Account", "Authentication").

Short texts go through the older lip-sync call, which takes clip and text at once; longer texts and recordings through
a face call, a speech call and the advanced lip-sync call. Only the last knows an id of ours (`external_task_id`), by
which a lost submission is found again. Nothing can be cancelled.
"""

from __future__ import annotations

import time
from decimal import Decimal
from math import ceil
from typing import Any, ClassVar
from urllib.parse import quote

import jwt

from bot.domain.flows import Flow, Stage
from bot.domain.request import Request
from bot.net.faults import Gone, Mistyped
from bot.net.lenient import text_of
from bot.net.reply import Reply
from bot.providers._faces import FACE, sound_span
from bot.providers._kling_api import accepted_body, face_in, legacy_input, speech_in, spoken, task_id, told
from bot.providers._kling_limits import ADVANCED, LEGACY
from bot.providers.base import Accepted, Credentials, Done, Failed, KeyField, Provider, Submission, Waiting

REGIONS = {"": "https://api-singapore.klingai.com", "china": "https://api-beijing.klingai.com"}
REGIONS["world"] = REGIONS[""]
TOKEN_SECONDS, CLOCK_SKEW = 1800, 5
SAME_SECONDS = 60  # in which a call that is made again has the same token, and so is the same call
CALLS = {
    "lipsync": "/v1/videos/lip-sync",
    "face": "/v1/videos/identify-face",
    "speech": "/v1/audio/tts",
    "dub": "/v1/videos/advanced-lip-sync",
}
UNIT_USD = Decimal("0.14")
SPEECH = Stage("speech", "Speaking the text", yields=("audio_url",))
DUB = Stage("dub", "Making the video", findable=True, uses_kept=True)


class Kling(Provider):
    name = "kling"
    label = "Kling"
    base_url = REGIONS[""]
    prices = "about $0.07 per 5 s, and $0.007 for each face and speech call"
    credentials: ClassVar[tuple[KeyField, ...]] = (
        KeyField("api_key", "API key", "or leave empty, and fill in the next two", required=False),
        KeyField("access_key", "Access key", secret=False, required=False),
        KeyField("secret_key", "Secret key", required=False),
        KeyField("region", "Region of the account: world or china", "world", secret=False, required=False),
    )
    flows = (
        Flow("text", "text", LEGACY, (Stage("lipsync", "Making the video"),)),
        Flow("long_text", "text", ADVANCED, (FACE, SPEECH, DUB)),
        Flow("audio", "audio", ADVANCED, (FACE, DUB)),
    )

    async def submit(self, call: Submission) -> Accepted | Done | Failed:
        reply = await self._call("POST", CALLS[call.stage], call.credentials, self._fields(call), paid=True)
        if call.stage == "face":
            return face_in(reply, call.request)
        if call.stage == "speech":
            return speech_in(reply)
        return Accepted(task_id(accepted_body(reply), reply))

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:
        url, headers = self._to(f"{CALLS[stage]}/{quote(remote, safe='')}", credentials)
        return await self._http.ask("GET", url, told, again=Waiting, headers=headers)

    async def find(self, stage: str, handle: str, credentials: Credentials) -> Accepted | None:
        try:
            reply = await self._call("GET", f"{CALLS[stage]}/{handle}", credentials)
            return Accepted(task_id(accepted_body(reply), reply))
        except Gone:  # the page says that our id can be queried, and not in so many words that it may stand here
            return await self._find_in_list(stage, handle, credentials)

    async def _find_in_list(self, stage: str, handle: str, credentials: Credentials) -> Accepted | None:
        reply = await self._call("GET", f"{CALLS[stage]}?pageNum=1&pageSize=500", credentials)
        tasks = accepted_body(reply).get("data")
        if not isinstance(tasks, list):
            reply.unusable("the answer has no list of tasks")
        ours = next((task for task in tasks if _own_id(task) == handle), None)
        return Accepted(task_id(ours, reply)) if ours else None

    async def check_key(self, credentials: Credentials) -> None:
        now = int(time.time() * 1000)
        accepted_body(await self._call("GET", f"/account/costs?start_time={now - 1000}&end_time={now}", credentials))

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:  # noqa: ARG002
        if request.video.seconds is None:
            return None
        stages = len(self.flow(request).stages)
        units = Decimal("0.5") * ceil(request.video.seconds / 5) + Decimal("0.05") * (stages - 1)
        return units * UNIT_USD

    def _fields(self, call: Submission) -> dict[str, Any]:
        if call.stage == "face":
            return {"video_url": call.source("video")}
        if call.stage == "speech":
            return spoken(call.request, self.voices)
        return {"input": legacy_input(call, self.voices)} if call.stage == "lipsync" else _dub(call)

    async def _call(self, method: str, path: str, credentials: Credentials, body: Any = None, **how: Any) -> Reply:
        url, headers = self._to(path, credentials)
        return await self._http.request(method, url, headers=headers, body=body, **how)

    def _to(self, path: str, credentials: Credentials) -> tuple[str, dict[str, str]]:
        """The address of a call, and its headers."""
        region = credentials.get("region", "").lower()
        if region not in REGIONS:
            raise Mistyped(f"the region is world or china, not {region[:20]}")
        root = REGIONS[region] if self._base == self.base_url else self._base
        return root + path, {"Authorization": f"Bearer {_token(credentials)}"}


def _own_id(task: object) -> str:
    """Our id for a task in a list; empty where it has none."""
    info = task.get("task_info") if isinstance(task, dict) else None
    return text_of(info.get("external_task_id")) if isinstance(info, dict) else ""


def _token(credentials: Credentials) -> str:
    if key := credentials.get("api_key"):
        return key
    access, secret = credentials.get("access_key"), credentials.get("secret_key")
    if not access or not secret:
        raise Mistyped("it takes an API key, or an access key and a secret key")
    now = int(time.time()) // SAME_SECONDS * SAME_SECONDS
    return jwt.encode({"iss": access, "exp": now + TOKEN_SECONDS, "nbf": now - CLOCK_SKEW}, secret, algorithm="HS256")


def _dub(call: Submission) -> dict[str, Any]:
    audio_id, span = call.yields.get("audio_id"), sound_span(call.request, call.yields)
    face = {
        "face_id": call.yields["face_id"],
        **({"audio_id": audio_id} if audio_id else {"sound_file": call.source("audio")}),
        **{f"sound_{name}_time": moment for name, moment in span.items()},
        "sound_volume": call.request.volume,
        "original_audio_volume": call.request.own_volume,
    }
    return {"session_id": call.yields["session_id"], "face_choose": [face], "external_task_id": call.handle}
