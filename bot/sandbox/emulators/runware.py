"""Runware's API, emulated: as strict as its documents, so that a wrong request fails as it would in the world.

What tasks look like stands in `runware_tasks.py`. One array may hold many; each is done or refused by itself.
"""

from __future__ import annotations

import asyncio
import mimetypes
from base64 import b64decode
from math import ceil
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

from aiohttp import web

from bot.sandbox.emulators import Emulator
from bot.sandbox.emulators.runware_tasks import (
    VOICES,
    GetResponse,
    GetTaskDetails,
    Inference,
    LipSync,
    Refused,
    Speech,
    Upload,
    parsed,
    signed,
    tasks_of,
)
from bot.sandbox.runs import Run, Runs
from bot.sandbox.sound import RATE, NotSound, samples_of
from bot.sandbox.speech import BYTES_PER_SAMPLE
from bot.sandbox.studio import Order, Unfit

SECONDS, SIDES = (2.0, 60.0), (512, 2160)  # Kling's
MADE = {"video": "video", "audio": "speech"}
Json = dict[str, Any]


class RunwareEmulator(Emulator):
    """The one route. A key is anything that starts with `rw-`; `rw-poor…` has no credit. Each key is an account."""

    name = "runware"

    def __init__(self, runs: Runs) -> None:
        super().__init__(runs)
        self._used: set[tuple[str, str]] = set()  # account and taskUUID
        self._media: dict[tuple[str, str], str] = {}  # account and mediaUUID → address
        self._tasks: dict[str, Inference] = {}  # by run
        self._heard: dict[str, float] = {}  # seconds of recording, by run

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, at `prefix` itself."""
        return [web.post(prefix, self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        data: list[Json] = []
        refusals: list[Refused] = []
        try:
            account, tasks = signed(request, tasks_of(await request.read()))
        except Refused as refusal:
            return web.json_response({"data": [], "errors": [refusal.entry]}, status=refusal.status)
        for task in tasks:
            try:
                data += await self._do(account, task, str(request.url.origin()))
            except Refused as refusal:
                refusal.entry = {"taskType": task.get("taskType"), "taskUUID": task.get("taskUUID"), **refusal.entry}
                refusals.append(refusal)
        told: Json = {"errors": [refusal.entry for refusal in refusals]} if refusals else {}
        return web.json_response({"data": data, **told}, status=refusals[0].status if refusals and not data else 200)

    async def _do(self, account: str, given: Json, origin: str) -> list[Json]:
        task = parsed(given)
        run = self.runs.find(account, task.task_uuid)
        if isinstance(task, GetResponse):
            return [await self._told(run, origin)] if run else []
        if isinstance(task, GetTaskDetails):
            return [await self._record(run, task, origin)]
        if (account, task.task_uuid) in self._used:
            raise Refused("conflictTaskUUID", "This taskUUID has been used before.", "taskUUID")
        if isinstance(task, Inference):
            return [await self._infer(account, task, origin)]
        answer: Json = {"taskType": task.task_type, "taskUUID": task.task_uuid}
        answer |= await self._upload(account, task, origin) if isinstance(task, Upload) else _details(account)
        self._used.add((account, task.task_uuid))
        return [answer]

    async def _infer(self, account: str, task: Inference, origin: str) -> Json:
        if account.startswith("rw-poor"):
            raise Refused("insufficientCredits", "Insufficient credits. Please top up.", status=402)
        order = self._order(account, task, origin)
        self._used.add((account, task.task_uuid))
        run = self.runs.accept(account, order, handle=task.task_uuid)
        self._tasks[run.id] = task
        if task.delivery_method == "sync" and run.task:
            await asyncio.wait([run.task])
            return await self._told(run, origin)
        return {"taskType": task.task_type, "taskUUID": task.task_uuid}

    def _order(self, account: str, task: Inference, origin: str) -> Order:
        if isinstance(task, Speech):
            said = task.speech
            language = VOICES[said.voice]
            return Order(text=said.text, voice_id=said.voice, language=language, speed=said.speed, makes="speech")
        assert isinstance(task, LipSync)
        return Order(
            video_url=self._address(account, "video", task.inputs.video, origin),
            audio_url=self._address(account, "audio", task.inputs.audio, origin),
            volume=task.provider_settings.klingai.sound_volume,
            own_volume=task.provider_settings.klingai.original_audio_volume,
            seconds=SECONDS,
            sides=SIDES,
        )

    def _address(self, account: str, part: str, given: str, origin: str) -> str:
        """Where the input is: at its own address, among the account's uploads, or among what was made for it."""
        if given.startswith(("http://", "https://")):
            return given
        if kept := self._media.get((account, given)):
            return kept
        for run in self.runs.ledger:
            made = run.account == account and run.order.makes == MADE[part] and _result_uuid(run) == given
            if made and run.result:
                return f"{origin}/files/{run.result.name}"
        raise Refused(f"invalid{part.capitalize()}", f"No {part} is known as '{given}'.", f"inputs.{part}")

    async def _told(self, run: Run, origin: str) -> Json:
        task = self._tasks[run.id]
        told: Json = {"taskType": task.task_type, "taskUUID": task.task_uuid}
        if run.status == "failed":
            raise Refused("inferenceError", run.error, status=200, **told)
        if run.result is None:
            return {**told, "status": "processing", "progress": 50 if run.status == "in_progress" else 0}
        kind = "audio" if isinstance(task, Speech) else "video"
        told |= {f"{kind}UUID": _result_uuid(run), f"{kind}URL": f"{origin}/files/{run.result.name}"}
        return {**told, "status": "success", **({"cost": await self._cost(run)} if task.include_cost else {})}

    async def _record(self, run: Run | None, task: GetTaskDetails, origin: str) -> Json:
        """The request and the reply of a run that is over; a failed one's reply is its error."""
        if run is None or not (run.result or run.status == "failed"):
            raise Refused("taskFailedOrNotFound", "No finished task has this taskUUID.", "taskUUID", status=404)
        asked = self._tasks[run.id].model_dump(by_alias=True, exclude_unset=True)
        try:
            reply: Json = {"data": [await self._told(run, origin)]}
        except Refused as failure:
            reply = {"errors": [failure.entry]}
        return {"taskType": task.task_type, "taskUUID": task.task_uuid, "request": asked, "response": reply}

    async def _upload(self, account: str, task: Upload, origin: str) -> Json:
        head, comma, encoded = task.media.partition(",")
        try:
            if task.media.startswith(("http://", "https://")):
                data, suffix = await self._fetched(task.media), PurePath(urlsplit(task.media).path).suffix
            else:
                data = b64decode(encoded if comma else head, validate=True)
                suffix = mimetypes.guess_extension(head.removeprefix("data:").partition(";")[0]) or ""
        except Unfit as error:
            raise Refused("downloadFailed", str(error), "media") from None
        except ValueError:
            raise Refused("invalidMedia", "The media is no URL, data URI or base64.", "media") from None
        media_uuid, address = str(uuid4()), f"{origin}/files/{self.runs.keep(data, suffix)}"
        self._media[account, media_uuid] = address
        return {"operation": "upload", "mediaUUID": media_uuid, "mediaURL": address}

    async def _fetched(self, address: str) -> bytes:
        with TemporaryDirectory() as folder:
            return (await self.runs.studio.fetch(address, Path(folder, "file"))).read_bytes()

    async def _cost(self, run: Run) -> float:
        """US dollars: by the text's length, or by the recording's."""
        if run.order.makes == "speech":
            return round(len(run.order.text) * 0.00006, 6)
        if run.id not in self._heard:
            self._heard[run.id] = await self._seconds(run)
        seconds = self._heard[run.id]
        return round(0.0462 * min(2, ceil(seconds / 5)) + 0.0092 * max(0, ceil(seconds - 10)), 4)

    async def _seconds(self, run: Run) -> float:
        """How long the recording is; where that can't be heard, the clip's length stands for it."""
        try:
            with TemporaryDirectory() as folder:
                audio = await self.runs.studio.fetch(run.order.audio_url, Path(folder, "audio"))
                return len(await asyncio.to_thread(samples_of, audio)) / BYTES_PER_SAMPLE / RATE
        except (NotSound, Unfit):
            return run.seconds


def _result_uuid(run: Run) -> str:
    return str(uuid5(NAMESPACE_URL, run.id))


def _details(account: str) -> Json:
    balance = {"amount": 0 if account.startswith("rw-poor") else 10, "currency": "USD"}
    organization = {"organizationName": "Sandbox", "organizationUUID": str(uuid5(NAMESPACE_URL, account))}
    return {"operation": "getDetails", **organization, "balance": balance}
