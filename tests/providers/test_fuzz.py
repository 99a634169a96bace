"""Whatever a provider answers, an adapter returns a value or raises a fault of the taxonomy; it never breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.net.client import Http
from bot.net.faults import ProviderError
from bot.providers.base import Accepted, Done, Failed, Provider, Submission, Waiting
from tests.providers.samples import HANDLE, Reply, Sample, all_samples

KEYS = (
    "code", "message", "data", "error", "task_id", "taskId", "id", "status", "task_status", "task_result", "videos",
    "url", "session_id", "face_data", "face_list", "results", "text", "outputType", "errorCode", "errorMessage",
    "request_id", "output", "video", "cost", "queue_position", "taskUUID", "videoURL", "audioURL", "errors",
    "audios", "duration", "face_id", "start_time", "end_time", "task_info", "external_task_id", "progress",
    "base_price_usd", "apiType", "mediaUUID", "download_url", "parameter", "taskType",
)  # fmt: skip
WORDS = (
    "succeed",
    "SUCCESS",
    "completed",
    "failed",
    "processing",
    HANDLE,
    "0",
    "",
    "https://r/x.mp4",
    '{"session_id": 1}',
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
STATUSES = st.sampled_from((200, 200, 200, 400, 401, 404, 429, 500))
SAMPLES = [pytest.param(sample, id=sample.provider.name) for sample in all_samples()]


def mutated(reply: Reply, place: int, value: Any) -> Any:
    """A documented answer with something else in one of its places."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return value
    places: list[tuple[Any, Any]] = []

    def visit(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            visit(node[key])

    visit(body)
    if places:
        node, key = places[place % len(places)]
        node[key] = value
    return body


def answering(sample: Sample, status: int, body: Any) -> Provider:
    async def stream() -> AsyncIterator[bytes]:
        yield json.dumps(body).encode()

    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=stream()))
    return sample.provider(Http(transport), "https://far.example")


def outcome_of(call: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        try:
            return await call()
        except ProviderError as fault:
            return fault

    return asyncio.run(run())


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_answer_that_is_as_documented_comes_through(sample: Sample) -> None:
    submit = sample.submits[0]
    call = Submission(submit.stage, submit.request, HANDLE, submit.yields, sample.credentials)
    provider = answering(sample, 200, json.loads(submit.reply.body))
    assert outcome_of(lambda: provider.submit(call)) == submit.gives


@pytest.mark.parametrize("sample", SAMPLES)
@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data(), status=STATUSES, value=VALUES, place=st.integers(0, 60), whole=st.booleans())
def test_no_answer_breaks_an_adapter(
    sample: Sample, data: Any, status: int, value: Any, place: int, whole: bool
) -> None:
    submit = data.draw(st.sampled_from(sample.submits))
    poll = data.draw(st.sampled_from(sample.polls))
    call = Submission(submit.stage, submit.request, HANDLE, submit.yields, sample.credentials)
    provider = answering(sample, status, value if whole else mutated(submit.reply, place, value))
    sent = outcome_of(lambda: provider.submit(call))
    assert isinstance(sent, Accepted | Done | Failed | ProviderError)
    if isinstance(sent, Accepted):
        assert isinstance(sent.remote, str)
    provider = answering(sample, status, value if whole else mutated(poll.replies[-1], place, value))
    asked = outcome_of(lambda: provider.poll(poll.stage, poll.remote, sample.credentials))
    assert isinstance(asked, Waiting | Done | Failed | ProviderError)
    if isinstance(asked, Done):
        assert all(isinstance(text, str) for text in asked.yields.values())
    checked = outcome_of(lambda: provider.check_key(sample.credentials))
    assert checked is None or isinstance(checked, ProviderError)
    outcome_of(lambda: provider.price(submit.request, sample.credentials))
    if any(stage.findable for flow in provider.flows for stage in flow.stages):
        found = outcome_of(lambda: provider.find(poll.stage, HANDLE, sample.credentials))
        assert found is None or isinstance(found, Accepted | ProviderError)
