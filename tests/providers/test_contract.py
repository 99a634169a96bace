"""Every adapter in every stage with every fault, held against its provider's documents (`tests/providers/samples`)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.flows import HANDED_OVER, Flow
from bot.domain.request import Request
from bot.domain.voices import voices_of
from bot.net.client import Http
from bot.net.faults import (
    BadKey,
    Gone,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    SpeechTooShort,
    UnknownOutcome,
)
from bot.net.transport import open_transport
from bot.providers import provider_classes
from bot.providers.base import Accepted, Done, Failed, Provider, Submission, Waiting
from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio
from tests.providers.far_end import FarEnd, assert_left, far_end
from tests.providers.odd import MISSING, parts, replaced
from tests.providers.samples import HANDLE, Poll, Reply, Sample, Submit, all_samples, audio_request, text_request

SAMPLES = all_samples()
SUBMITS = [
    pytest.param(sample, submit, id=f"{sample.provider.name}-{submit.request.flow}-{submit.stage}-{number}")
    for sample in SAMPLES
    for number, submit in enumerate(sample.submits)
]
FIRST_SUBMITS = [pytest.param(sample, sample.submits[0], id=sample.provider.name) for sample in SAMPLES]
POLLS = [
    pytest.param(sample, poll, id=f"{sample.provider.name}-{number}")
    for sample in SAMPLES
    for number, poll in enumerate(sample.polls)
]
FLOWS = [
    pytest.param(sample, flow, id=f"{sample.provider.name}-{flow.name}")
    for sample in SAMPLES
    for flow in sample.provider.flows
]
each_sample = pytest.mark.parametrize("sample", [pytest.param(each, id=each.provider.name) for each in SAMPLES])
each_submit = pytest.mark.parametrize(("sample", "submit"), SUBMITS)
each_flow = pytest.mark.parametrize(("sample", "flow"), FLOWS)

HTML = Reply("<html><h1>502 Bad Gateway</h1></html>")
AMBIGUOUS = [
    pytest.param("cut before", None, id="cut before the effect"),
    pytest.param("cut after", None, id="cut after the effect"),
    pytest.param("truncate", None, id="truncated"),
    *(pytest.param("", Reply("{}", status), id=str(status)) for status in (408, 409, 425, 500, 502, 503, 504)),
    *(pytest.param("", replace(HTML, status=status), id=f"HTML {status}") for status in (200, 302, 500, 503)),
    pytest.param("", Reply(""), id="empty 200"),
    pytest.param("", Reply("[]"), id="an empty list"),
    pytest.param("", Reply('"words"'), id="only words"),
]


@pytest.fixture
async def end() -> AsyncIterator[FarEnd]:
    async with far_end() as opened:
        yield opened


@pytest.fixture
async def http(end: FarEnd) -> AsyncIterator[Http]:
    async with open_transport({end.host}) as transport:
        yield Http(transport)


def call(sample: Sample, submit: Submit) -> Submission:
    return Submission(submit.stage, submit.request, HANDLE, submit.yields, sample.credentials)


def adapter(sample: Sample, http: Http, end: FarEnd) -> Provider:
    return sample.provider(http, end.base_url)


def answering(sample: Sample, reply: Reply) -> Provider:
    """The adapter, with a provider that says this to everything."""

    async def stream() -> AsyncIterator[bytes]:
        yield reply.body.encode()

    transport = httpx.MockTransport(lambda _: httpx.Response(reply.status, content=stream()))
    return sample.provider(Http(transport), "https://far.example")


async def fault_of(asking: Any) -> ProviderError:
    """What was raised, which gives nothing away."""
    with pytest.raises(ProviderError) as caught:
        await asking
    fault = caught.value
    assert "canary" not in f"{fault!r} {fault} {fault.detail} {fault.__cause__!r} {fault.__context__!r}"
    return fault


@each_sample
async def test_a_provider_that_names_no_prices_says_so(sample: Sample) -> None:
    if sample.provider.pricing == "unnamed":
        for submit in sample.submits:
            assert await answering(sample, Reply("{}")).price(submit.request, sample.credentials) is None


def test_every_adapter_has_its_documents_here() -> None:
    assert {sample.provider for sample in SAMPLES} == set(provider_classes())
    for sample in SAMPLES:
        documented = {(submit.request.flow, submit.stage) for submit in sample.submits}
        for flow in sample.provider.flows:
            assert (flow.name, flow.stages[-1].name) in documented
            assert {stage.name for stage in flow.stages} <= {stage for _, stage in documented}


@each_submit
async def test_the_request_that_leaves_is_the_documented_one(
    sample: Sample, submit: Submit, http: Http, end: FarEnd
) -> None:
    end.says(submit.reply)
    assert await adapter(sample, http, end).submit(call(sample, submit)) == submit.gives
    assert_left(end.heard, [submit.call])


@each_submit
@pytest.mark.parametrize(("kind", "reply"), AMBIGUOUS)
async def test_a_paid_request_whose_fate_is_unknown_is_never_repeated(
    sample: Sample, submit: Submit, kind: Any, reply: Reply | None, http: Http, end: FarEnd
) -> None:
    end.says(reply or submit.reply)
    if kind:
        end.faults.add(kind)
    fault = await fault_of(adapter(sample, http, end).submit(call(sample, submit)))
    assert type(fault) is (UnknownOutcome if submit.paid else NotAccepted)
    assert len(end.heard) == 1


@each_submit
async def test_an_accepted_answer_that_cannot_be_used_is_never_taken_for_a_refusal(
    sample: Sample, submit: Submit
) -> None:
    """Whatever is missing in it, the provider may charge for it."""
    body = json.loads(submit.reply.body)
    if "errors" in body:
        pytest.skip("an error that says that it was accepted before; with less in it, it may be any error")
    for path in list(parts(body)):
        for odd in (MISSING, None, "", [], {}):
            reply = Reply(json.dumps(replaced(body, path, odd)), submit.reply.status)
            try:
                answer: Any = await answering(sample, reply).submit(call(sample, submit))
            except UnknownOutcome:
                continue
            assert isinstance(answer, Accepted | Done | Failed)


@pytest.mark.parametrize(("sample", "submit"), [case for case in SUBMITS if "face" in str(case.id)])
@pytest.mark.parametrize("faces", [[], [{"face_id": "0", "start_time": 0, "end_time": 900}]])
async def test_a_clip_without_a_face_is_a_stage_that_was_accepted_and_failed(
    sample: Sample, submit: Submit, faces: list[dict[str, object]]
) -> None:
    body = json.loads(submit.reply.body)
    if isinstance(submit.gives, Accepted):
        pytest.skip("what this face call comes to is told to a poll")
    for name in {"face_data", "face_list"} & body["data"].keys():
        body["data"][name] = faces
    answer = await answering(sample, Reply(json.dumps(body))).submit(call(sample, submit))
    assert isinstance(answer, Failed)
    assert (answer.reason, answer.cost_usd) == ("input_rejected", None)


@each_submit
async def test_a_refused_connection_proves_that_nothing_was_paid(sample: Sample, submit: Submit) -> None:
    async with open_transport({"127.0.0.1"}) as transport:
        nobody = sample.provider(Http(transport), "http://127.0.0.1:9/base")
        assert type(await fault_of(nobody.submit(call(sample, submit)))) is NotAccepted


@each_submit
@pytest.mark.parametrize(("header", "seconds"), [({}, None), ({"Retry_After": "7"}, 7.0)])
async def test_too_many_requests_say_when_to_come_back(
    sample: Sample, submit: Submit, header: dict[str, str], seconds: float | None, http: Http, end: FarEnd
) -> None:
    end.says(Reply("{}", 429), **header)
    fault = await fault_of(adapter(sample, http, end).submit(call(sample, submit)))
    assert isinstance(fault, RateLimited)
    assert fault.retry_after == seconds


@each_submit
async def test_a_slow_answer_is_an_answer(sample: Sample, submit: Submit, http: Http, end: FarEnd) -> None:
    end.says(submit.reply)
    end.faults.add("drip")
    assert await adapter(sample, http, end).submit(call(sample, submit)) == submit.gives


@pytest.mark.parametrize(
    ("sample", "submit", "reply", "fault"),
    [
        pytest.param(
            sample, submit, reply, fault, id=f"{sample.provider.name}-{submit.stage}-{number}-{fault.__name__}"
        )
        for sample in SAMPLES
        for submit in {submit.stage: submit for submit in sample.submits}.values()
        for number, (reply, fault) in enumerate(sample.errors)
    ],
)
async def test_every_documented_error_becomes_its_fault(
    sample: Sample, submit: Submit, reply: Reply, fault: type[ProviderError], http: Http, end: FarEnd
) -> None:
    end.says(reply)
    assert type(await fault_of(adapter(sample, http, end).submit(call(sample, submit)))) is fault
    assert len(end.heard) == 1


@pytest.mark.parametrize(("sample", "submit"), FIRST_SUBMITS)
@pytest.mark.parametrize(("status", "fault"), [(401, BadKey), (402, OutOfCredit), (403, BadKey), (404, Gone)])
async def test_a_refusal_without_a_code_is_judged_by_its_status(
    sample: Sample, submit: Submit, status: int, fault: type[ProviderError], http: Http, end: FarEnd
) -> None:
    end.says(Reply("{}", status))
    assert type(await fault_of(adapter(sample, http, end).submit(call(sample, submit)))) is fault


@pytest.mark.parametrize(("sample", "poll"), POLLS)
async def test_every_documented_answer_to_a_poll_is_understood(
    sample: Sample, poll: Poll, http: Http, end: FarEnd
) -> None:
    end.says(*poll.replies)
    assert await adapter(sample, http, end).poll(poll.stage, poll.remote, sample.credentials) == poll.gives
    assert_left(end.heard, poll.calls)


def spellings(words: tuple[str, ...]) -> list[str]:
    return [spelling for word in words for spelling in (word.lower(), word.upper(), word.title())]


@pytest.mark.parametrize(
    ("sample", "word"),
    [
        pytest.param(sample, word, id=f"{sample.provider.name}-{word or 'none'}")
        for sample in SAMPLES
        for word in [*spellings(sample.waits), "a_new_word", ""]
    ],
)
async def test_a_word_that_is_no_end_means_still_running(sample: Sample, word: str, http: Http, end: FarEnd) -> None:
    poll = sample.polls[0]
    end.says(Reply(sample.running.body.replace("WORD", word)))
    answer = await adapter(sample, http, end).poll(poll.stage, poll.remote, sample.credentials)
    assert isinstance(answer, Waiting)
    assert answer.word == ("a_new_word" if word == "a_new_word" else "")


@pytest.mark.parametrize(
    ("sample", "word"),
    [
        pytest.param(sample, word, id=f"{sample.provider.name}-{word}")
        for sample in SAMPLES
        for word in spellings(sample.ends)
    ],
)
async def test_an_end_is_an_end_in_any_spelling(sample: Sample, word: str, http: Http, end: FarEnd) -> None:
    poll = sample.polls[0]
    end.says(Reply(sample.running.body.replace("WORD", word)))
    answer = await adapter(sample, http, end).poll(poll.stage, poll.remote, sample.credentials)
    assert isinstance(answer, Done | Failed)


@each_sample
@pytest.mark.parametrize(("kind", "reply"), AMBIGUOUS)
async def test_a_poll_that_fails_may_be_made_again(
    sample: Sample, kind: Any, reply: Reply | None, http: Http, end: FarEnd
) -> None:
    poll = sample.polls[0]
    end.says(reply or poll.replies[0])
    if kind:
        end.faults.add(kind, times=9)
    fault = await fault_of(adapter(sample, http, end).poll(poll.stage, poll.remote, sample.credentials))
    assert isinstance(fault, NotAccepted)


@each_sample
async def test_a_key_is_tested_by_the_documented_free_call(sample: Sample, http: Http, end: FarEnd) -> None:
    provider = adapter(sample, http, end)
    for reply in sample.check_passes:
        end.heard.clear()
        end.says(reply)
        await provider.check_key(sample.credentials)
        assert_left(end.heard, [sample.check])
    for reply, fault in sample.check_fails:
        end.says(reply)
        assert type(await fault_of(provider.check_key(sample.credentials))) is fault


@each_sample
async def test_an_unreachable_provider_says_nothing_about_a_key(sample: Sample, http: Http, end: FarEnd) -> None:
    for reply in (HTML, replace(HTML, status=502)):
        end.says(reply)
        assert isinstance(await fault_of(adapter(sample, http, end).check_key(sample.credentials)), NotAccepted)


@each_submit
async def test_nothing_gives_the_key_away(
    sample: Sample, submit: Submit, http: Http, end: FarEnd, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = [value for value in sample.credentials.values() if "canary" in value]
    quoting = json.dumps({"code": 1234, "error_code": 1234, "errorCode": "1234", "message": f"bad key {secrets}"})
    for status in (200, 400, 401, 500):
        end.says(Reply(quoting, status))
        await fault_of(adapter(sample, http, end).submit(call(sample, submit)))
    assert "canary" not in repr(call(sample, submit))
    assert "canary" not in caplog.text


def emulated(sample: Sample, http: Http, sandbox: Sandbox) -> Provider:
    return sample.provider(http, sandbox.provider_urls[sample.provider.name])


def wish(sample: Sample, flow: Flow, **more: Any) -> Request:
    """A request for this flow, with a voice of the provider's own."""
    if flow.mode == "audio":
        return audio_request(flow.name, **more)
    voice = next(iter(key for key, voice in voices_of(sample.provider.name).items() if voice.language == "en"))
    return text_request(flow.name, voice=voice, text="A line that is long enough to be spoken.", **more)


async def through(provider: Provider, request: Request, credentials: Any, tmp_path: Path) -> list[str]:
    """Take a request through all its stages, as the worker does; the stages."""
    yields: dict[str, str] = {}
    done: list[str] = []
    for stage in provider.stages(request):
        if stage.name in HANDED_OVER:
            part = HANDED_OVER[stage.name]
            file = tmp_path / {"video": "file.mp4", "audio": "file.mp3"}[part]
            file.write_bytes(b"the bytes of a file")
            yields[f"{part}_source"] = await provider.upload(file, credentials)
            continue
        if stage.needs_length:
            yields.setdefault("audio_seconds", "3.0")
        handle = f"2f0c9c1e-6f0a-4b7e-9d54-0f6f5a0d7c{len(done):02d}"
        answer: Any = await provider.submit(Submission(stage.name, request, handle, yields, credentials))
        if isinstance(answer, Accepted):
            if stage.findable:
                assert await provider.find(stage.name, handle, credentials) == answer
            remote = answer.remote
            while isinstance(answer := await provider.poll(stage.name, remote, credentials), Waiting):
                await asyncio.sleep(0.005)
        assert isinstance(answer, Done), answer
        assert answer.yields.keys() >= set(stage.yields)
        yields |= answer.yields
        done.append(stage.name)
    assert yields["video_url"].endswith(".mp4")
    return done


@each_flow
async def test_the_emulator_takes_what_the_adapter_sends_and_ends_with_a_video(
    sample: Sample, flow: Flow, tmp_path: Path
) -> None:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        sandbox.runs.studio = CannedStudio()
        provider = emulated(sample, Http(transport), sandbox)
        done = await through(provider, wish(sample, flow), sample.credentials, tmp_path)
        assert done == [stage.name for stage in flow.stages]
        assert len(sandbox.runs.ledger) == len(flow.stages)


@each_flow
async def test_files_that_the_provider_cannot_fetch_are_handed_over(sample: Sample, flow: Flow, tmp_path: Path) -> None:
    if not sample.provider.uploads:
        pytest.skip("this provider fetches files itself")
    request = wish(sample, flow)
    parts = {"video": request.video, "audio": request.audio}
    changed = {name: part.model_copy(update={"reachable": False}) for name, part in parts.items() if part}
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        sandbox.runs.studio = CannedStudio()
        provider = emulated(sample, Http(transport), sandbox)
        await through(provider, request.model_copy(update=changed), sample.credentials, tmp_path)
        assert "cdn.example" not in str([run.order for run in sandbox.runs.ledger])


@each_flow
async def test_an_account_without_credit_pays_nothing(sample: Sample, flow: Flow) -> None:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        sandbox.runs.studio = CannedStudio()
        provider = emulated(sample, Http(transport), sandbox)
        request = wish(sample, flow)
        first = Submission(flow.stages[0].name, request, HANDLE, {}, sample.poor)
        assert isinstance(await fault_of(provider.submit(first)), OutOfCredit)
        assert sandbox.runs.ledger == []


@each_sample
async def test_the_emulator_knows_a_wrong_key(sample: Sample) -> None:
    wrong = {
        name: value.replace("-", "!") if "canary" in value else value for name, value in sample.credentials.items()
    }
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        provider = emulated(sample, Http(transport), sandbox)
        await provider.check_key(sample.credentials)
        assert isinstance(await fault_of(provider.check_key(wrong)), BadKey)
        assert sandbox.runs.ledger == []


@pytest.mark.parametrize(
    ("sample", "flow", "stage"),
    [
        pytest.param(sample, flow, stage.name, id=f"{sample.provider.name}-{flow.name}-{stage.name}")
        for sample in SAMPLES
        for flow in sample.provider.flows
        for stage in flow.stages
        if stage.findable
    ],
)
async def test_a_lost_answer_is_found_again_and_not_paid_twice(sample: Sample, flow: Flow, stage: str) -> None:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        sandbox.runs.studio = CannedStudio()
        provider = emulated(sample, Http(transport), sandbox)
        request = wish(sample, flow)
        before = [each.name for each in flow.stages]
        yields = await yields_before(provider, request, stage, before, sample.credentials)
        paid = len(sandbox.runs.ledger)
        lost = Submission(stage, request, HANDLE, yields, sample.credentials)
        assert await provider.find(stage, HANDLE, sample.credentials) is None
        sandbox.faults.add("cut after", "POST")
        assert isinstance(await fault_of(provider.submit(lost)), UnknownOutcome)
        found = await provider.find(stage, HANDLE, sample.credentials)
        assert isinstance(found, Accepted)
        assert len(sandbox.runs.ledger) == paid + 1


async def yields_before(
    provider: Provider, request: Request, stage: str, names: list[str], credentials: Any
) -> dict[str, str]:
    """What the stages before this one yield."""
    yields: dict[str, str] = {}
    for name in names[: names.index(stage)]:
        answer: Any = await provider.submit(
            Submission(name, request, HANDLE.replace("2f", f"a{names.index(name)}"), yields, credentials)
        )
        remote = answer.remote if isinstance(answer, Accepted) else ""
        while not isinstance(answer, Done):
            await asyncio.sleep(0.005)
            answer = await provider.poll(name, remote, credentials)
        yields |= answer.yields
    return yields | ({} if "audio_seconds" in yields else {"audio_seconds": "3.0"})


def test_a_sound_that_is_too_short_is_refused_before_it_is_sent() -> None:
    from bot.providers._faces import sound_span  # noqa: PLC0415

    with pytest.raises(SpeechTooShort):
        sound_span(audio_request("audio"), {"face_start": "0", "face_end": "1500"})
