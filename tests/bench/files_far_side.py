"""The other end of the files' way, as a process of its own: serves a video, and takes posts without keeping them."""

from __future__ import annotations

import socket
import sys

from aiohttp import web

from tests.discord_server.rest import Rest, reply
from tests.discord_server.state import State


def main() -> None:
    """Serve the files of the folder given, on the listening socket given by its file descriptor."""
    folder, listening = sys.argv[1:]
    state = State()

    async def post(request: web.Request) -> web.Response:
        async for _ in request.content.iter_any():
            pass
        return reply(state.post(int(request.match_info["channel"]), {}, []))

    app = web.Application()
    app.router.add_static("/videos", folder)
    app.router.add_post("/api/v10/channels/{channel}/messages", post)
    app.add_routes(Rest(state).routes())
    web.run_app(app, sock=socket.socket(fileno=int(listening)), access_log=None, print=None)


if __name__ == "__main__":
    main()
