"""Runware's tasks: the fields that each takes, and how a wrong one is refused."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from bot.domain.voices import voices_of

DOCUMENTATION = "https://runware.ai/docs/platform/errors"
VOICES = {voice.id: voice.language for voice in voices_of("runware").values()}
BOOSTS = (
    "auto|af|ar|bg|ca|cs|da|de|el|en|es|fa|fi|fil|fr|he|hi|hr|hu|id|it|ja|ko|ms|nl|nn|no|pl|pt|ro|ru|sk|sl|sv|ta|th|"
    "tr|uk|vi|yue|zh"
)


class Refused(Exception):
    """A task that is refused or has failed: its entry in `errors`, and the HTTP status where nothing else is told."""

    def __init__(
        self, code: str, message: str, parameter: str | None = None, *, status: int = 400, **more: str
    ) -> None:
        super().__init__(code)
        self.status = status
        self.entry: dict[str, Any] = {"code": code, "message": message, "documentation": DOCUMENTATION, **more}
        if parameter:
            self.entry["parameter"] = parameter


def _wire_name(name: str) -> str:
    return to_camel(name).replace("Uuid", "UUID").replace("Url", "URL")


def _known_voice(voice: str) -> str:
    if voice not in VOICES:
        raise ValueError("is not one of the voices")
    return voice


Volume = Annotated[float, Field(ge=0, le=2)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=_wire_name)


class _Task(_Form):
    task_type: str
    task_uuid: str = Field(pattern=r"(?i)^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


class GetResponse(_Task):
    """Asks how a task is doing."""


class GetTaskDetails(_Task):
    """Asks for the request and the reply of a task that is over."""


class AccountDetails(_Task):
    """Asks about the account; of the operations, only this one."""

    operation: Literal["getDetails"]


class Upload(_Task):
    """Hands a file over: an address, a data URI, or bare base64."""

    operation: Literal["upload"]
    media: str = Field(min_length=1)


class Inference(_Task):
    """What costs money. The result is told at once or, with `async`, when it is asked for."""

    webhook_url: str | None = None
    include_cost: bool = False
    routing: dict[str, Any] | None = None
    number_results: Literal[1] = 1
    upload_endpoint: str | None = None
    ttl: int | None = Field(default=None, ge=60)
    output_type: Literal["URL"] = "URL"
    delivery_method: Literal["sync", "async"] = "sync"


class _Volumes(_Form):
    sound_volume: Volume = 1.0
    original_audio_volume: Volume = 1.0


class _ProviderSettings(_Form):
    klingai: _Volumes = _Volumes()


class _Inputs(_Form):
    video: str = Field(min_length=1)
    audio: str = Field(min_length=1)


class LipSync(Inference):
    """Kling's lip sync."""

    model: Literal["klingai:7@1"]
    inputs: _Inputs
    provider_settings: _ProviderSettings = _ProviderSettings()
    output_format: Literal["MP4", "WEBM", "MOV"] = "MP4"
    output_quality: int | None = Field(default=None, ge=20, le=99)
    safety: dict[str, Any] | None = None


class _Words(_Form):
    text: str = Field(min_length=1, max_length=10_000)
    voice: Annotated[str, AfterValidator(_known_voice)]
    speed: float = Field(default=1.0, ge=0.5, le=2.0)


class _SpeechSettings(_Form):
    language_boost: str = Field(default="auto", pattern=f"^({BOOSTS})$")


class Speech(Inference):
    """MiniMax's speech."""

    model: Literal["minimax:speech@2.8"]
    speech: _Words
    settings: _SpeechSettings = _SpeechSettings()
    audio_settings: dict[str, Any] | None = None
    output_format: Literal["MP3", "WAV", "FLAC", "OGG"] = "MP3"


FORMS: dict[object, type[_Task]] = {
    "getResponse": GetResponse,
    "getTaskDetails": GetTaskDetails,
    "accountManagement": AccountDetails,
    "mediaStorage": Upload,
    "videoInference": LipSync,
    "audioInference": Speech,
}


def tasks_of(body: bytes) -> list[dict[str, Any]]:
    """The tasks of a request, as they came."""
    try:
        tasks = json.loads(body)
    except ValueError:
        raise Refused("invalidJSON", "The body is not JSON.") from None
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, dict) for task in tasks):
        raise Refused("invalidRequest", "The body must be an array of task objects.")
    return tasks


def parsed(given: dict[str, Any]) -> _Task:
    """The task, or the first thing that is wrong with it."""
    form = FORMS.get(given.get("taskType")) if isinstance(given.get("taskType"), str) else None
    if form is None:
        raise Refused("invalidTaskType", "There is no such task.", "taskType")
    try:
        return form.model_validate(given)
    except ValidationError as error:
        mistake = error.errors(include_url=False)[0]
    place = [str(step) for step in mistake["loc"]]
    name = place[-1][:1].upper() + place[-1][1:]
    codes = {"missing": f"missing{name}", "extra_forbidden": "unknownParameter"}
    raise Refused(codes.get(mistake["type"], f"invalid{name}"), mistake["msg"], ".".join(place))


def signed(request: web.Request, tasks: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The account, and the tasks but for the one that named it."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if not scheme and tasks[0].get("taskType") == "authentication":
        scheme, key, tasks = "Bearer", str(tasks[0].get("apiKey")), tasks[1:]
    if scheme != "Bearer" or not key.startswith("rw-"):
        raise Refused("invalidApiKey", f"Invalid API key {key}.", "apiKey", status=401)
    return key, tasks
