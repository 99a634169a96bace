"""A gateway with Kling's older lip-sync call, emulated. Keys with `newapi` in them get another family's answers."""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.emulators import Emulator
from bot.sandbox.kling_forms import answered, body_of, judged, legacy_order, task_data

PATH = "/kling/v1/videos/lip-sync"


class KlingGatewayEmulator(Emulator):
    """The routes. A key is anything that starts with `gw-`; one with `poor` in it has no credit."""

    name = "kling_gateway"

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, below `prefix`."""
        return [web.post(prefix + PATH, judged(self._create)), web.get(prefix + PATH + "/{id}", self._query)]

    async def _create(self, request: web.Request) -> web.Response:
        key = _key(request)
        if not key.startswith("gw-"):
            return _no_key()
        order = legacy_order(await body_of(request))
        if "poor" in key:
            error = {"message": "user quota is not enough", "type": "new_api_error", "code": "insufficient_user_quota"}
            return web.json_response({"error": error}, status=403)
        run = self.runs.accept(key, order)
        if "newapi" in key:
            flat = {"id": run.id, "task_id": run.id, "object": "video", "status": "queued", "progress": 0}
            return web.json_response({**flat, "created_at": 1_722_769_557})
        return answered({**task_data(run, ""), "task_status": "submitted"})

    async def _query(self, request: web.Request) -> web.Response:
        key = _key(request)
        if not key.startswith("gw-"):
            return _no_key()
        run = self.runs.get(request.match_info["id"])
        if run is None or run.account != key:
            body = {"code": "task_not_exist", "message": "task_not_exist", "data": None}
            return web.json_response(body, status=400)
        return answered(task_data(run, str(request.url.origin())))


def _key(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _no_key() -> web.Response:
    error = {"message": "invalid token", "type": "new_api_error", "code": ""}
    return web.json_response({"error": error}, status=401)
