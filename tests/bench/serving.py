"""The far side of a benchmark, as a process of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def serving(module: str, *arguments: str) -> AsyncIterator[str]:
    """Serve with that module, whose last argument is the descriptor of its listening socket; the URL to reach it. What
    is sent before it is up waits for it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor, port = listening.fileno(), listening.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments, str(descriptor)), pass_fds=[descriptor]
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
