"""The providers of the benchmark of shares, as a process of its own: one that works, one whose results drip, and a
gateway that never answers.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from aiohttp import web

DRIPS = "drips-"  # how the ids of runs begin whose results drip
DRIP_SECONDS = 5.0  # between two bytes


@dataclass
class Run:
    """What a run was asked to say, which is the seconds after which it ends; by the wall clock, when that is, and when
    the bot was told of it first.
    """

    text: str
    ends_at: float
    told_at: float | None = None


@dataclass
class Held:
    """Answers that don't come to an end."""

    transports: set[asyncio.Transport] = field(default_factory=set)

    @property
    def now(self) -> int:
        """How many the bot waits for."""
        return sum(not transport.is_closing() for transport in self.transports)

    @contextmanager
    def holding(self, request: web.Request) -> Iterator[None]:
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        self.transports.add(transport)
        try:
            yield
        finally:
            self.transports.discard(transport)


class FarSide:
    """Every answer that the bot needs."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.runs: list[Run] = []
        self.dripping, self.hanging = Held(), Held()

    async def price(self, _: web.Request) -> web.Response:
        return web.json_response({"base_price_usd": 0.05})

    async def submit(self, request: web.Request) -> web.Response:
        text = (await request.json())["text"]
        self.runs.append(Run(text, time.time() + float(text)))
        return web.json_response({"request_id": str(len(self.runs) - 1)})

    async def status(self, request: web.Request) -> web.Response:
        run_id, now = request.match_info["id"], time.time()
        if run_id.startswith(DRIPS):
            return web.json_response({"request_id": run_id, "status": "completed"})
        run = self.runs[int(run_id)]
        if now < run.ends_at:
            return web.json_response({"request_id": run_id, "status": "in_progress"})
        run.told_at = run.told_at or now
        return web.json_response({"request_id": run_id, "status": "completed"})

    async def result(self, request: web.Request) -> web.Response:
        run_id, origin = request.match_info["id"], request.url.origin()
        video = f"{origin}/drip" if run_id.startswith(DRIPS) else f"{origin}/videos/result.mp4"
        return web.json_response({"request_id": run_id, "status": "succeeded", "output": {"video": video}})

    async def drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(self.size), "Content-Type": "video/mp4"})
        with self.dripping.holding(request):
            await response.prepare(request)
            while True:
                await response.write(b"0")
                await asyncio.sleep(DRIP_SECONDS)

    async def hang(self, request: web.Request) -> web.Response:
        with self.hanging.holding(request):
            await asyncio.Event().wait()
        return web.Response()

    async def report(self, _: web.Request) -> web.Response:
        runs = [asdict(run) for run in self.runs]
        return web.json_response({"runs": runs, "dripping": self.dripping.now, "hanging": self.hanging.now})


def main() -> None:
    """Serve the result in the folder given, on the listening socket given by its file descriptor."""
    folder, size, listening = sys.argv[1:]
    far_side, run = FarSide(int(size)), "/v1/requests/{id}"
    app = web.Application()
    app.router.add_static("/videos", folder)
    app.add_routes(
        [
            web.get("/v1/models/{model:.+}", far_side.price),
            web.post("/v1/models/{model:.+}", far_side.submit),
            web.get(f"{run}/status", far_side.status),
            web.get(f"{run}/result", far_side.result),
            web.get("/drip", far_side.drip),
            web.get("/kling/v1/videos/lip-sync/{id}", far_side.hang),
            web.get("/report", far_side.report),
        ]
    )
    web.run_app(
        app,
        sock=socket.socket(fileno=int(listening)),
        access_log=None,
        print=None,
        handler_cancellation=True,
        shutdown_timeout=0.1,
    )


if __name__ == "__main__":
    main()
