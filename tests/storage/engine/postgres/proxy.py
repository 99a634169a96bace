"""Stands between PostgreSQL and a process, and loses the connection where a test wants it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Passes on what both sides say, until it is to be cut."""

    def __init__(self, url: str, folder: Path) -> None:
        self._real, self._own = _socket_of(url), str(folder / SOCKET)
        self.url = url.replace(str(Path(self._real).parent), str(folder))
        self._cuts = self._arrives = self._for_good = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self._own)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def move_to(self, url: str) -> None:
        """Stand before another server from the next connection on."""
        self._real = _socket_of(url)

    def cut_at_commit(self, *, arrives: bool, for_good: bool = False) -> None:
        """Cut the connection that sends the next COMMIT, after it has been carried out or before it arrives."""
        self._cuts, self._arrives, self._for_good = True, arrives, for_good

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_unix_connection(self._real)
        except OSError:  # nobody is there now
            writer.close()
            return
        answers = asyncio.create_task(self._pass_on(there, writer))
        try:
            with suppress(ConnectionError):  # one of both has ended
                while said := await reader.read(65_536):
                    if self._cuts and b"COMMIT" in said:
                        await self._cut(said, there, back, answers)
                        return
                    back.write(said)
        finally:
            answers.cancel()
            writer.close()
            back.close()

    async def _cut(
        self, said: bytes, there: asyncio.StreamReader, back: asyncio.StreamWriter, answers: asyncio.Task[None]
    ) -> None:
        self._cuts = False
        answers.cancel()
        await asyncio.wait([answers])
        if self._arrives:
            back.write(said)
            await there.read(65_536)
        if self._for_good:
            self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):  # the server has ended
            while said := await reader.read(65_536):
                writer.write(said)
        writer.close()


def _socket_of(url: str) -> str:
    return str(Path(parse_qs(urlsplit(url).query)["host"][0], SOCKET))
