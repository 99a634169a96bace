"""A gateway with Kling's older lip-sync call, emulated. It answers as Kling does, to keys with `newapi` in them as the
gateways of another family do: flat, wrapped, and with words in place of codes.
"""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.emulators import Emulator
from bot.sandbox.emulators.alad import wrapped
from bot.sandbox.kling_forms import Handler, Refused, answered, body_of, legacy_order, refused, task_data

PATH = "/kling/v1/videos/lip-sync"


class KlingGatewayEmulator(Emulator):
    """The routes. A key is anything that starts with `gw-`; one with `poor` in it has no credit."""

    name = "kling_gateway"

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """All of the API, below `prefix`."""
        return [web.post(prefix + PATH, _judged(self._create)), web.get(prefix + PATH + "/{id}", _judged(self._query))]

    async def _create(self, request: web.Request) -> web.Response:
        key = _key(request)
        order = legacy_order(await body_of(request))
        if "poor" in key:
            error = {"message": "user quota is not enough", "type": "new_api_error", "code": "insufficient_user_quota"}
            return web.json_response({"error": error}, status=403)
        run = self.runs.accept(key, order)
        if _is_newapi(key):
            flat = {"id": run.id, "task_id": run.id, "object": "video", "status": "queued", "progress": 0}
            return web.json_response({**flat, "created_at": 1_722_769_557})
        return answered({**task_data(run, ""), "task_status": "submitted"})

    async def _query(self, request: web.Request) -> web.Response:
        key, origin = _key(request), str(request.url.origin())
        run = self.runs.get(request.match_info["id"])
        if run is None or run.account != key:
            raise Refused(1203, "task not found")
        return wrapped(run, origin) if _is_newapi(key) else answered(task_data(run, origin))


def _key(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _is_newapi(key: str) -> bool:
    return "newapi" in key


def _judged(handler: Handler) -> Handler:
    """The handler for keys that are some, with whatever it refuses answered in the key's family."""

    async def handle(request: web.Request) -> web.StreamResponse:
        key = _key(request)
        if not key.startswith("gw-"):
            error = {"message": "invalid token", "type": "new_api_error", "code": ""}
            return web.json_response({"error": error}, status=401)
        try:
            return await handler(request)
        except Refused as refusal:
            if not _is_newapi(key):
                return refused(refusal)
            word = "task_not_exist" if refusal.code == 1203 else "invalid_request"
            return web.json_response({"code": word, "message": refusal.message, "data": None}, status=400)

    return handle
