"""The board and the alerts in `ops/`: every metric and label that they name is in what a running bot serves, and each
alert fires when it should.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.words.failures import FAILURES
from tests.app.test_run import CLIP, Outside, outside  # noqa: F401 - a fixture
from tests.world import KEY

OPS = Path(__file__).parents[3] / "ops"
RULES = OPS / "alerts.yml"
OF_PROMETHEUS = {"job", "instance"}  # labels that it adds to everything that it reads
CLAUSE = re.compile(r"\b(?:by|without|on)\s*\(([^)]*)\)")
WORDS = {"and", "or", "sum", "max", "min"}  # of PromQL; what stands before its labels is no metric either


def alerts() -> dict[str, str]:
    """What each rule asks, by its name."""
    found = re.findall(r"- alert: (\w+)\n +expr: (.+)\n", RULES.read_text(encoding="utf-8"))
    assert len(found) == RULES.read_text(encoding="utf-8").count("alert:")
    return dict(found)


def queries() -> Iterator[tuple[str, set[str]]]:
    """Everything that the board asks, with the labels that it shows of the answer."""
    for panel in json.loads((OPS / "grafana.json").read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"], set(re.findall(r"{{(\w+)}}", target["legendFormat"]))


@dataclass
class Scrape:
    """The values of each label, by the name of the sample."""

    labels: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Scrape:
        found: dict[str, dict[str, set[str]]] = {"up": {}}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = found.setdefault(sample.name, defaultdict(set))
                for name, value in sample.labels.items():
                    labels[name].add(value)
        return cls(found)

    def missing(self, query: str, shown: set[str]) -> set[str]:
        """What the query names, or the board shows of its answer, and a bot doesn't serve."""
        bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\$\w+', "", query)
        metrics = set(re.findall(r"\b[a-z_]+\b(?!\s*\()", CLAUSE.sub("", re.sub(r"{[^}]*}", "", bare)))) - WORDS
        lacking = {f"no metric {name}" for name in metrics - self.labels.keys()}
        for name, matchers in re.findall(r"(\w+){([^}]*)}", query):
            for label, how, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
                values = self.labels.get(name, {}).get(label, set())
                if label not in OF_PROMETHEUS and (not values or (how == "=" and value not in values)):
                    lacking.add(f"{name} has no {label}={value}")
        named = {label.strip() for clause in CLAUSE.findall(bare) for label in clause.split(",")} | shown
        known = OF_PROMETHEUS.union(*(self.labels.get(name, ()) for name in metrics))
        return lacking | {f"nothing in it has the label {label}" for label in named - known}


REFUSED = 'mouthpiece_jobs_ended_total{failure="input_rejected",outcome="failed",provider="runcomfy"} 1.0'


async def served(outside: Outside) -> str:  # noqa: F811
    """What a bot serves after a job that succeeded and one that did not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    people = outside.discord.people
    async with outside.bot(HTTP_PORT=port), httpx.AsyncClient() as http:
        assert "works and is saved" in await outside.add_key()
        await (await people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")).answer()
        await outside.discord.until(outside.discord.outcomes)
        outside.sandbox.faults.add("answer", "POST", "*/models/*", status=422, body="{}")
        await (await people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")).answer()
        async with asyncio.timeout(60):
            while REFUSED not in (text := (await http.get(f"http://127.0.0.1:{port}/metrics")).text):
                await asyncio.sleep(0.05)
    return text


@pytest.mark.usefixtures("outside")
async def test_the_board_and_the_alerts_name_only_what_a_running_bot_serves(outside: Outside) -> None:  # noqa: F811
    text = await served(outside)
    scrape = Scrape.of(text)
    asked = [*queries(), *((expr, set[str]()) for expr in alerts().values())]
    assert {query: lacking for query, shown in asked if (lacking := scrape.missing(query, shown))} == {}
    for private in (KEY, "Hello", str(outside.discord.state.member["id"]), str(outside.discord.state.guild_id)):
        assert private not in text
    assert re.search(r'^mouthpiece_discord_calls_total{status="200"} [1-9]', text, re.MULTILINE)


@pytest.mark.parametrize(
    ("query", "lacking"),
    [
        ("sum(rate(there_total[5m]))", set()),
        ('sum by (a) (there_total{a="x"})', set()),
        ("sum(mouthpiece_gone)", {"no metric mouthpiece_gone"}),
        ("sum(other_gone) > 1", {"no metric other_gone"}),
        ('there_total{a="y"}', {"there_total has no a=y"}),
        ('there_total{b=~"y"}', {"there_total has no b=y"}),
        ("sum by (b) (there_total)", {"nothing in it has the label b"}),
    ],
)
def test_what_isnt_served_is_noticed(query: str, lacking: set[str]) -> None:
    assert Scrape({"there_total": {"a": {"x"}}}).missing(query, set()) == lacking


def test_the_board_needs_no_editing() -> None:
    board = json.loads((OPS / "grafana.json").read_text(encoding="utf-8"))
    (variable,) = board["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    parts = [panel for panel in board["panels"] if panel["type"] != "row"]
    asked = [part["datasource"] for panel in parts for part in (panel, *panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in asked)
    assert "__inputs" not in board


PROMTOOL = shutil.which("promtool") or ""
promtool = pytest.mark.skipif(not PROMTOOL, reason="needs promtool, of Debian's package `prometheus`")


@promtool
def test_prometheus_can_read_the_rules() -> None:
    subprocess.run([PROMTOOL, "check", "rules", str(RULES)], check=True, capture_output=True)


JOBS = 'mouthpiece_jobs_ended_total{instance="a",job="mouthpiece",provider="p",'
CALLS = 'mouthpiece_provider_calls_total{instance="a",job="mouthpiece",provider="p",call="poll",'
DISCORD = 'mouthpiece_discord_calls_total{instance="a",job="mouthpiece",'
PHASE = 'mouthpiece_open_jobs_by_phase{instance="a",job="mouthpiece",'
OLDEST = 'mouthpiece_oldest_job_seconds{instance="a",job="mouthpiece",'
ONE = '{instance="a",job="mouthpiece"}'
LAG = 'mouthpiece_event_loop_lag_seconds_bucket{instance="a",job="mouthpiece",'
# A bot at work: a job a minute, and a call a second to everybody.
WELL = {
    f"up{ONE}": "1x120",
    f"mouthpiece_build_info{ONE}": "1x120",
    f"mouthpiece_healthy{ONE}": "1x120",
    f"process_start_time_seconds{ONE}": "1000x120",
    f'mouthpiece_role{ONE[:-1]},role="worker"}}': "1x120",
    f"mouthpiece_worker_silent_seconds{ONE}": "5x120",
    f"mouthpiece_lease_held{ONE}": "1x120",
    f'{PHASE}phase="running"}}': "3x120",
    f'{PHASE}phase="held"}}': "1x120",
    f'{OLDEST}phase="held"}}': "9000x120",
    f'{OLDEST}phase="queued"}}': "5x120",
    f'{JOBS}outcome="succeeded",failure=""}}': "0+1x120",
    f'{JOBS}outcome="failed",failure="input_rejected"}}': "0+3x120",
    f'{JOBS}outcome="failed",failure="provider_failed"}}': "0x120",
    f'{JOBS}outcome="unknown",failure=""}}': "0x120",
    f'{CALLS}result="ok"}}': "0+60x120",
    f'{CALLS}result="rate_limited"}}': "0+10x120",
    f'{DISCORD}status="200"}}': "0+60x120",
    f'{DISCORD}status="429"}}': "0+1x120",
    f"mouthpiece_disk_free_bytes{ONE}": "500x120",
    f"mouthpiece_disk_used_bytes{ONE}": "500x120",
    f'{LAG}le="0.1"}}': "0+60x120",
    f'{LAG}le="1"}}': "0+60x120",
    f'{LAG}le="+Inf"}}': "0+60x120",
}
# What makes each alert fire, in an hour that begins well.
ILL: dict[str, Mapping[str, str]] = {
    "MouthpieceDown": {f"up{ONE}": "1x30 0x90"},
    "MouthpieceUnhealthy": {f"mouthpiece_healthy{ONE}": "1x30 0x90"},
    "MouthpieceRestarts": {f"process_start_time_seconds{ONE}": "1000+60x120"},
    "MouthpieceWithoutWorker": {f'mouthpiece_role{ONE[:-1]},role="worker"}}': "1x30 _x90"},
    "MouthpieceWorkerSilent": {f"mouthpiece_worker_silent_seconds{ONE}": "5x30 5+60x90"},
    "MouthpieceLeaseLost": {f"mouthpiece_lease_held{ONE}": "1x30 0x90"},
    "MouthpieceNoJobEnds": {
        f'{JOBS}outcome="succeeded",failure=""}}': "9x120",
        f'{JOBS}outcome="failed",failure="input_rejected"}}': "9x120",
    },
    "MouthpieceJobWaits": {f'{OLDEST}phase="queued"}}': "0+60x120"},
    "MouthpieceOutcomeUnknown": {f'{JOBS}outcome="unknown",failure="took_too_long"}}': "_x80 1x40"},
    "MouthpieceJobsFail": {f'{JOBS}outcome="failed",failure="provider_failed"}}': "0+9x120"},
    "MouthpieceProviderFails": {f'{CALLS}result="not_accepted"}}': "0+90x120"},
    "MouthpieceDiscordFails": {f'{DISCORD}status="502"}}': "0+20x120"},
    "MouthpieceDiscordRateLimit": {f'{DISCORD}status="429"}}': "0+9x120"},
    "MouthpieceDiskNearlyFull": {f"mouthpiece_disk_free_bytes{ONE}": "50x120"},
    "MouthpieceLoopLags": {f'{LAG}le="0.1"}}': "0+30x120"},
}


def firing(folder: Path, changed: Mapping[str, str], names: Mapping[str, bool]) -> str:
    """What promtool finds against these alerts firing or not, at the end of two hours."""
    series = [{"series": name, "values": values} for name, values in {**WELL, **changed}.items()]
    # Of one that fires, what it says is left out: an expression that has an answer says as much.
    expected: list[dict[str, Any]] = [
        {"eval_time": "115m", "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > 0 or vector(0)',
         "exp_samples": [{"labels": "{}", "value": int(fires)}]}
        for name, fires in names.items()
    ]  # fmt: skip
    test = {"interval": "1m", "input_series": series, "promql_expr_test": expected}
    file = folder / "test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
    done = subprocess.run([PROMTOOL, "test", "rules", str(file)], check=False, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


@promtool
def test_nothing_fires_while_the_bot_is_at_work(tmp_path: Path) -> None:
    assert firing(tmp_path, {}, dict.fromkeys(alerts(), False)) == ""


@promtool
@pytest.mark.parametrize("name", alerts())
def test_an_alert_fires_when_that_happens(name: str, tmp_path: Path) -> None:
    assert firing(tmp_path, ILL[name], {name: True}) == ""


DOCS = (OPS.parent / "docs" / "monitoring.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*alerts(), *FAILURES])
def test_the_page_for_the_host_has_every_alert_and_every_failure(name: str) -> None:
    assert f"`{name}`" in DOCS


def test_the_page_for_the_host_has_every_metric_of_ours() -> None:
    asked = " ".join([*(query for query, _ in queries()), *alerts().values()])
    names = {name.removesuffix("_bucket").removesuffix("_count") for name in re.findall(r"mouthpiece_(\w+)", asked)}
    assert {name for name in names if f"`{name}`" not in DOCS} == set()
