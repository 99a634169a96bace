"""The bot as a process: from its settings to a signal that says stop, or to the fault that ends it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading

from bot.app.background import needed
from bot.app.build import open_bot
from bot.app.client import Mouthpiece
from bot.app.connection import aim_discord
from bot.app.settings import Settings
from bot.jobs.worker import Worker
from bot.words.admin.operator import stopped

log = logging.getLogger(__name__)

ANSWERS_SECONDS = 3.0  # in which what was heard before the signal is answered
SHUTDOWN_SECONDS = 20.0  # for everything between the signal and the end; compose kills after 30


class Deadline:
    """The end of a shutdown, whatever hangs: the process leaves then with what is committed. A thread of its own, as
    what hangs may be the event loop.
    """

    def __init__(self, seconds: float = SHUTDOWN_SECONDS) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def start(self, code: int) -> None:
        """Leave with this exit code in time; the first call counts."""
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._leave, (code,))
            self._timer.daemon = True
            self._timer.start()

    def _leave(self, code: int) -> None:
        log.warning("what is still under way after %g s is given up; what is committed stays", self._seconds)
        os._exit(code)


async def run(settings: Settings) -> None:
    """Serve Discord until a signal says stop. Raises what ended it before."""
    deadline, stop = Deadline(), asyncio.Event()

    def begin_to_stop() -> None:
        deadline.start(0)
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, begin_to_stop)
    aim_discord(settings)
    async with open_bot(settings) as client, asyncio.TaskGroup() as tree:
        serving = tree.create_task(_serve(client, settings))
        freezing = tree.create_task(_freeze_what_is_loaded(client.services.worker))
        try:
            await stop.wait()
        finally:
            deadline.start(1)
        client.hears = False
        await client.services.awaited_answers.all_given(ANSWERS_SECONDS)
        await client.services.worker.drain()  # while the connection stands, so that commands are answered
        serving.cancel()
        freezing.cancel()
        await client.leave()  # a cancellation that comes at the moment of connecting is lost in discord.py
    log.info(stopped(client.services.worker.open_jobs))


async def _serve(client: Mouthpiece, settings: Settings) -> None:
    await client.sign_in(settings.discord_token.get_secret_value())
    if "gateway" in settings.roles and (problem := client.check_way_in(settings.interactions_public_key)):
        log.warning(problem)
    await needed("the connection to Discord", client.connect, may_end=client.is_closed)


async def _freeze_what_is_loaded(worker: Worker) -> None:
    """What is loaded by then stays, the jobs that were left open among it: looking through it for garbage again and
    again would hold up answers, and so it would while it is being loaded.
    """
    await worker.resumed.wait()
    gc.freeze()
    gc.enable()
