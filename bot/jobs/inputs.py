"""Bringing a clip or a recording where the provider gets it: prepared if need be, then by the provider's own upload, or
as an attachment in the job's thread where it has none. Never through a service of ours.

All of it is free and may be done again: what is prepared lies on disk under a name made from what was to be done.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from bot.chat.errors import PostFailed, PostRefused, PostTooLarge
from bot.chat.provider_files import PREPARED, ProviderFiles
from bot.domain.edits import ClipEdit, SoundEdit
from bot.domain.flows import Stage
from bot.domain.job import Job
from bot.domain.request import Part, Request
from bot.domain.sections import stored_yields, yields_here
from bot.files.incoming import Incoming
from bot.files.job_files import JobFiles
from bot.media.child import MOST_BREAKS, Interrupted
from bot.media.edit_queue import EditQueue
from bot.media.editor import TooMuchWork, Unreadable
from bot.net.client import Http
from bot.net.faults import (
    BadAddress,
    CannotAttach,
    CannotHandOver,
    DepotAway,
    Gone,
    NotAccepted,
    ResultMissing,
    ResultUnusable,
)
from bot.placing import disk_faults, link_or_copy
from bot.providers.base import Provider, Submission

EDIT: TypeAdapter[ClipEdit | SoundEdit] = TypeAdapter(ClipEdit | SoundEdit)
MESSAGES = "_message"  # how the names end under which a job keeps the ids of the messages with its files


class Inputs:
    """Prepares and brings files. Raises a `ProviderError`: `CannotHandOver`, or what may be tried again."""

    def __init__(
        self, job_files: JobFiles, incoming: Incoming, edits: EditQueue, provider_files: ProviderFiles
    ) -> None:
        self._job_files = job_files
        self._incoming = incoming
        self._edits = edits
        self._provider_files = provider_files
        self._preparing: dict[int, asyncio.Task[Path]] = {}
        self._broken_off: Counter[int] = Counter()  # how often that happened to a job's files

    async def bring(self, job: Job, part: Part, provider: Provider, call: Submission) -> dict[str, str]:
        """What the stage yields: the file's place for the provider, and the messages to be taken away in the end.
        `NotAccepted` when it was stopped.
        """
        try:
            with disk_faults():
                ready = await self._prepared(job, part, call.request)
                if part in provider.uploads:
                    return {f"{part}_source": await self._upload(ready, part, call, provider)}
            name = f"{PREPARED}{job.code}-{ready.name}{_ending(part, call.request)}"
            message_id, url = await self._provider_files.put(job, ready, name)
        except Interrupted as why:
            self._broken_off[job.id] += 1
            again = self._broken_off[job.id] < MOST_BREAKS
            raise (NotAccepted if again else CannotHandOver)(f"preparing the {part} broke off: {why}") from None
        except (Unreadable, TooMuchWork) as why:
            raise CannotHandOver(str(why)) from None
        except PostFailed as fault:
            raise NotAccepted(f"Discord: {fault}") from None
        except PostTooLarge as fault:
            raise CannotHandOver(f"Discord: {fault}") from None
        except PostRefused as fault:
            raise CannotAttach(f"Discord: {fault}") from None
        earlier = call.yields.get(f"{part}{MESSAGES}", "").split()  # put there for another provider
        posted = dict.fromkeys([*earlier, str(message_id)])
        return {f"{part}_source": url, f"{part}{MESSAGES}": " ".join(posted)}

    def stop(self, job: Job) -> None:
        """Give up preparing the job's files, if that is under way; it may be done again."""
        if preparing := self._preparing.get(job.id):
            preparing.cancel()

    async def measured(self, job: Job, stage: Stage, http: Http) -> Job:
        """The job with the length of the made speech, where the stage needs it and the provider doesn't say it. The
        speech is fetched through `http`. `ResultMissing` when its length can't be known.
        """
        yields = yields_here(job)
        if not stage.needs_length or "audio_url" not in yields or "audio_seconds" in yields:
            return job
        try:
            length = {"audio_seconds": str(await self._incoming.length(yields["audio_url"], http, job))}
        except Interrupted as why:
            raise NotAccepted(f"the speech can't be measured: {why}") from None
        except (Unreadable, BadAddress, Gone, ResultUnusable) as why:
            raise ResultMissing(f"the speech can't be measured: {why}") from None
        return replace(job, yields={**job.yields, **stored_yields(length, job.position)})

    async def clear(self, job: Job) -> None:
        """Take away what was put into the job's thread, once the provider needs it no more."""
        del self._broken_off[job.id]
        for messages in left_in_thread(job.yields).values():
            for message_id in messages.split():
                await self._provider_files.take_away(job, int(message_id))

    async def source(self, job: Job, part: Part) -> Path:
        """The file as it was attached. `CannotHandOver` when it isn't there any more."""
        file, away = self._job_files.clip(job) if part == "video" else self._job_files.sound(job), None
        try:
            is_there = await self._job_files.has(file)
        except DepotAway as fault:
            is_there, away = False, fault
        if not is_there:  # the bot died between taking the job and keeping its files
            self._job_files.of(job)  # makes its folder
            request = job.request
            media = request.audio if part == "audio" and request.audio else request.video
            try:
                await self._incoming.fetch(media.url, file)
            except (Gone, BadAddress, ResultUnusable) as fault:  # Discord's word, not the provider's
                what = "clip" if part == "video" else "recording"
                if away:
                    raise away from None
                raise CannotHandOver(f"the {what} that was attached can't be fetched: {fault.detail}") from None
            await self._job_files.keep_attached(job)
        return file

    async def _prepared(self, job: Job, part: Part, request: Request) -> Path:
        preparing = self._preparing[job.id] = asyncio.ensure_future(self._ready(job, part, request))
        try:
            return await preparing
        except asyncio.CancelledError:
            if preparing.cancelled() and not _is_cancelled():
                raise NotAccepted("preparing the files was stopped") from None
            raise
        finally:
            del self._preparing[job.id]

    async def _ready(self, job: Job, part: Part, request: Request) -> Path:
        source = await self.source(job, part)
        edit = request.clip if part == "video" else request.sound
        if edit is None:
            return source
        what = hashlib.sha256(EDIT.dump_json(edit)).hexdigest()[:12]
        ready = self._job_files.prepared(job, part, what)
        with suppress(DepotAway):
            if await self._job_files.has(ready):
                return ready
        try:
            if part == "video" and request.clip:
                await self._edits.editor(job).clip(source, request.clip, ready)
            elif request.sound:
                await self._edits.editor(job).sound(source, request.sound, ready)
        except Unreadable as why:
            if await asyncio.to_thread(source.exists):
                raise
            raise NotAccepted(f"what was attached is not on disk any more: {why}") from None
        await self._job_files.keep_attached(job)
        return ready

    async def _upload(self, ready: Path, part: Part, call: Submission, provider: Provider) -> str:
        """Providers tell what a file is by its name's ending, which files on disk don't have."""
        with TemporaryDirectory(dir=ready.parent, prefix="upload-") as folder:
            named = Path(folder, f"{part}{_ending(part, call.request)}")
            await asyncio.to_thread(link_or_copy, ready, named)
            return await provider.upload(named, call.credentials)


def _is_cancelled() -> bool:
    """Whether it is the task around this that is to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def left_in_thread(yields: Mapping[str, str]) -> dict[str, str]:
    """Of what a job's stages have yielded, what stays when it turns to another provider: the messages in its thread,
    which are taken away when it has ended.
    """
    return {name: messages for name, messages in yields.items() if name.endswith(MESSAGES)}


def _ending(part: Part, request: Request) -> str:
    if part == "video":
        return ".mp4" if request.clip else PurePath(request.video.name).suffix[:10]
    if request.sound:
        return f".{request.sound.format}"
    return PurePath(request.audio.name).suffix[:10] if request.audio else ""
