"""Runware: Kling's lip sync as it is, and MiniMax's voices for texts.

Documents: Runware's pages on Kling lip sync, MiniMax Speech 2.8, task polling, media storage and account management.
Tasks are posted as a list to one address, each under a UUID of ours: a repeated one is refused and not billed, and a
lost submission is looked up by it. Tasks can't be cancelled.
"""

from __future__ import annotations

import json
import mimetypes
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from math import ceil
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from bot.domain.flows import Flow, Stage
from bot.domain.request import Request
from bot.net.faults import Gone, NotAccepted, ProviderError
from bot.net.lenient import text_of
from bot.net.reply import Reply
from bot.providers._kling_limits import ADVANCED, LEGACY
from bot.providers._runware_api import AllWaiting, Task, check, errors, items, repeated, told_of
from bot.providers.base import Accepted, Answer, Credentials, Done, Failed, KeyField, Provider, Submission, Waiting

CHUNK = 3 << 18  # bytes; a multiple of three, so that the pieces' base64 can be joined
# The clip's and the recording's limits are not documented for this model: Kling's own, and the union of its formats.
LIMITS = replace(ADVANCED, speeds=(0.5, 2.0), audio_formats=LEGACY.audio_formats)
LIPSYNC = Stage("lipsync", "Making the video", findable=True)


class Runware(Provider):
    name = "runware"
    label = "Runware"
    base_url = "https://api.runware.ai/v1"
    prices = "$0.0462 per 5 s + $0.06 per 1,000 characters"
    credentials: ClassVar[tuple[KeyField, ...]] = (KeyField("api_key", "Runware API key", "my.runware.ai → API Keys"),)
    flows = (
        Flow("text", "text", LIMITS, (Stage("speech", "Speaking the text", findable=True), LIPSYNC)),
        Flow("audio", "audio", LIMITS, (LIPSYNC,)),
    )
    uploads = frozenset({"video", "audio"})
    polls_at_once = 20  # how many one call takes is documented nowhere

    async def submit(self, call: Submission) -> Accepted:
        task = self._speech(call.request) if call.stage == "speech" else _lipsync(call)
        task |= {"taskUUID": call.handle, "deliveryMethod": "async", "includeCost": True}
        reply = await self._send([task], call.credentials, paid=True)
        taken = any(item.get("taskUUID") == call.handle for item in items(reply))
        if not taken and not any(repeated(error, call.handle) for error in errors(reply)):
            check(reply)
        return Accepted(call.handle)

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:  # noqa: ARG002
        answer = (await self.poll_many([remote], credentials))[remote]
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    async def poll_many(self, remotes: Sequence[str], credentials: Credentials) -> Mapping[str, Answer]:
        told = await self._ask(remotes, credentials)
        return {remote: told.get(remote, Waiting()) for remote in remotes}

    async def find(self, stage: str, handle: str, credentials: Credentials) -> Accepted | None:  # noqa: ARG002
        told = await self._ask([handle], credentials)
        if told and handle not in told:
            raise NotAccepted("the answer is about another task")
        answer = told.get(handle)
        if isinstance(answer, ProviderError) and not isinstance(answer, Gone):  # gone: it may have been, and failed
            raise answer
        return None if answer is None else Accepted(handle)

    async def check_key(self, credentials: Credentials) -> None:
        task = {"taskType": "accountManagement", "taskUUID": str(uuid4()), "operation": "getDetails"}
        check(await self._send([task], credentials))

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:  # noqa: ARG002
        length = len(request.text or "")
        seconds = request.audio.seconds if request.audio else None
        if request.mode == "text":
            seconds = max(2.0, length / 14 / request.speed)
        return None if seconds is None else _sound_price(seconds) + length * Decimal("0.00006")

    async def upload(self, file: Path, credentials: Credentials) -> str:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        task = {"taskType": "mediaStorage", "taskUUID": str(uuid4()), "operation": "upload"}
        around = json.dumps([{**task, "media": f"data:{kind};base64,*"}]).encode().split(b"*")
        reply = await self._send(_with_base64(file, *around), credentials)
        check(reply)
        found = next(filter(None, (text_of(item.get("mediaUUID")) for item in items(reply))), "1")
        if found == "1":  # an older node's "still working"
            reply.unusable("the answer has no mediaUUID")
        return found

    def _speech(self, request: Request) -> Task:
        voice = self.voices[request.voice or ""]
        return {
            "taskType": "audioInference",
            "model": "minimax:speech@2.8",
            "speech": {"text": request.text, "voice": voice.id, "speed": request.speed},
            "settings": {"languageBoost": voice.language},
            "outputFormat": "MP3",
        }

    async def _ask(self, remotes: Sequence[str], credentials: Credentials) -> dict[str, Answer]:
        """What is told of each task; those about which nothing is said are left out."""
        body = [{"taskType": "getResponse", "taskUUID": remote} for remote in remotes]
        read = partial(told_of, remotes)
        return await self._http.ask(
            "POST", self._base, read, again=AllWaiting, headers=_headers(credentials), body=body
        )

    async def _send(self, body: object, credentials: Credentials, *, paid: bool = False) -> Reply:
        return await self._http.request("POST", self._base, headers=_headers(credentials), body=body, paid=paid)


def _headers(credentials: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['api_key']}", "Content-Type": "application/json"}


def _lipsync(call: Submission) -> Task:
    volumes = {"soundVolume": call.request.volume, "originalAudioVolume": call.request.own_volume}
    return {
        "taskType": "videoInference",
        "model": "klingai:7@1",
        "inputs": {"video": call.source("video"), "audio": call.source("audio")},
        "providerSettings": {"klingai": volumes},
        "outputFormat": "MP4",
    }


async def _with_base64(file: Path, head: bytes, tail: bytes) -> AsyncIterator[bytes]:
    """The file between the two, never in memory as a whole."""
    yield head
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield b64encode(chunk)
    yield tail


def _sound_price(seconds: float) -> Decimal:
    return Decimal("0.0462") * min(2, ceil(seconds / 5)) + Decimal("0.0092") * max(0, ceil(seconds - 10))
