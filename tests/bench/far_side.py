"""The provider of the benchmarks, as a process of its own: so many runs, each of which ends at a moment of its own."""

from __future__ import annotations

import asyncio
import math
import random
import socket
import sys
import time

from aiohttp import web


class Runs:
    """Runs `0` to `count - 1`, which end between `shortest` and `longest` seconds after `begin`."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.noticed: dict[int, float] = {}
        self.polls = self.refused = 0
        self.seconds = 0.0  # that an answer takes
        self.limit = math.inf  # polls a second that are answered
        self.left, self.left_at = 0.0, 0.0  # of these, and when

    async def begin(self, request: web.Request) -> web.Response:
        query = request.query
        chance = random.Random(7)
        now = time.monotonic()
        shortest, longest = float(query["shortest"]), float(query["longest"])
        self.ends = [now + chance.uniform(shortest, longest) for _ in range(int(query["count"]))]
        self.noticed, self.polls, self.refused = {}, 0, 0
        self.seconds, self.limit = float(query.get("seconds", 0)), float(query.get("limit", "inf"))
        return web.Response()

    async def status(self, request: web.Request) -> web.Response:
        number, now = int(request.match_info["id"]), time.monotonic()
        self.polls += 1
        if self.limit < math.inf and not self._allows(now):
            self.refused += 1
            return web.json_response({"error_message": "too many"}, status=429)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if now < self.ends[number]:
            return web.json_response({"request_id": str(number), "status": "in_progress", "instance_id": "i" * 24})
        self.noticed.setdefault(number, now - self.ends[number])
        return web.json_response({"request_id": str(number), "status": "completed"})

    async def result(self, request: web.Request) -> web.Response:
        output = {"video": "https://example.com/x.mp4"}
        return web.json_response({"request_id": request.match_info["id"], "status": "succeeded", "output": output})

    async def report(self, _: web.Request) -> web.Response:
        noticed = sorted(self.noticed.values())
        return web.json_response({"noticed": noticed, "polls": self.polls, "refused": self.refused})

    def _allows(self, now: float) -> bool:
        """Whether one more poll is within the limit; a second's may come at once."""
        self.left = min(self.left + (now - self.left_at) * self.limit, self.limit)
        self.left_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def main() -> None:
    """Serve on the listening socket given, by its file descriptor."""
    runs = Runs()
    app = web.Application()
    app.router.add_get("/begin", runs.begin)
    app.router.add_get("/report", runs.report)
    app.router.add_get("/v1/requests/{id}/status", runs.status)
    app.router.add_get("/v1/requests/{id}/result", runs.result)
    web.run_app(app, sock=socket.socket(fileno=int(sys.argv[1])), access_log=None, print=None)


if __name__ == "__main__":
    main()
