"""ai.alad.com: Kling's lip-sync behind a gateway of its own make ("Identify Face", "Advanced Lip Sync", "Query Task").

A face call that answers at once, then a task. Created tasks are answered in the flat shape of an OpenAI video, queries
with Kling's answer nested two levels deep. A lost submission can't be looked up, and nothing can be cancelled.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from bot.domain.flows import Flow, Stage
from bot.domain.request import Request
from bot.net.faults import Gone, InputRejected
from bot.net.reply import Reply
from bot.providers._faces import FACE
from bot.providers._kling_api import accepted_body, face_in, legacy_input, task_id, told
from bot.providers._kling_limits import ADVANCED, LEGACY
from bot.providers.base import Accepted, Credentials, Done, Failed, KeyField, Provider, Submission, Waiting
from bot.providers.kling_gateway import NO_TASK, passes_unless_refused

VIDEOS = "/kling/v1/videos"
TASKS = f"{VIDEOS}/advanced-lip-sync"
OTHER_TASKS = f"{VIDEOS}/lip-sync"  # where the siblings' documents say that tasks are asked about
# The clip's are identify-face's; the others are not documented, and taken to be Kling's.
LIMITS = replace(ADVANCED, text_chars=LEGACY.text_chars, speech_seconds=0.0, mixes=False)
STAGES = (FACE, Stage("lipsync", "Making the video", uses_kept=True))


class Alad(Provider):
    name = "alad"
    label = "ai.alad.com"
    base_url = "https://ai.alad.com"
    prices = "not published"
    pricing = "unnamed"
    credentials: ClassVar[tuple[KeyField, ...]] = (KeyField("api_key", "API key of ai.alad.com", "sk-…"),)
    flows = (Flow("text", "text", LIMITS, STAGES), Flow("audio", "audio", LIMITS, STAGES))

    async def submit(self, call: Submission) -> Accepted | Done | Failed:
        if call.stage == "face":
            video = {"video_url": call.source("video")}
            reply = await self._call("POST", f"{VIDEOS}/identify-face", call.credentials, video, paid=True)
            return face_in(reply, call.request)
        session = {"session_id": call.yields["session_id"]}
        spoken = {name: value for name, value in legacy_input(call, self.voices).items() if name != "video_url"}
        # Documents put the session beside the input, examples inside it: it stands in both places.
        body = {**session, "input": {**session, **spoken}}
        reply = await self._call("POST", TASKS, call.credentials, body, paid=True)
        return Accepted(task_id(accepted_body(reply), reply))

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:  # noqa: ARG002
        try:
            return await self._ask(TASKS, remote, credentials)
        except Gone:
            return await self._ask(OTHER_TASKS, remote, credentials)

    async def check_key(self, credentials: Credentials) -> None:
        try:
            passes_unless_refused(await self._call("GET", f"{TASKS}/{NO_TASK}", credentials))
        except InputRejected:  # there is no such call for this account
            passes_unless_refused(await self._call("GET", f"{OTHER_TASKS}/{NO_TASK}", credentials))

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:  # noqa: ARG002
        return None

    async def _ask(self, tasks: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:
        url, headers = f"{self._base}{tasks}/{quote(remote, safe='')}", _headers(credentials)
        return await self._http.ask("GET", url, told, again=Waiting, headers=headers)

    async def _call(self, method: str, path: str, credentials: Credentials, body: Any = None, **how: Any) -> Reply:
        url, headers = self._base + path, _headers(credentials)
        return await self._http.request(method, url, headers=headers, body=body, **how)


def _headers(credentials: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['api_key']}"}
