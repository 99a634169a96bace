"""One server lets its results drip and its polls hang, floods the bot with commands, and has filled its share of the
disk: how long does another server's result take meanwhile, from its provider's end to its post in Discord?

Over sockets: the bot, its providers, and Discord with its people are processes of their own. The baseline is the same
bot with the other server alone.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bot.words.refusals.files import ServerDiskFull
from bot.words.refusals.limits import ServerBusy
from tests.bench import Aim, Figures, ratio
from tests.bench.clips import write_clip
from tests.bench.connected import connected
from tests.bench.serving import serving
from tests.bench.shares_filled import DISK_SHARE, FLOODING_MEMBERS, OTHER_GUILD, Hostile, fill
from tests.canned import real_clip
from tests.discord_server.interactions import Interaction
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import Json

FIRST_MEMBER = 1_000  # of the other server: each of its results is another member's
GOLDEN = 0.618  # multiples of which are spread evenly over what lies between whole numbers
WARMING_UP = 1  # result of each bot that isn't counted
POSTED_SECONDS = 120.0  # in which every result must be posted
ANSWERED_SECONDS = 30.0  # in which the last of the flood must be answered
REFUSALS = {refusal: refusal.sentence.partition("{")[0] for refusal in (ServerDiskFull, ServerBusy)}


@dataclass(frozen=True)
class Size:
    """How many rounds, each with new bots; how many results the other server has in one, one in so many seconds and of
    so many bytes, and between which seconds its runs end; what the hostile one has open and how many commands it sends
    meanwhile; and for how long a bot is left alone first.
    """

    rounds: int
    results: int
    every: float
    size: int
    work: tuple[float, float]
    hostile: Hostile
    flood: int
    settling: float


FULL = Size(
    rounds=1,
    results=12,
    every=2.0,
    size=8_000_000,
    work=(4.0, 6.0),  # anywhere between two polls
    hostile=Hostile(drips=45, hanging=32),
    flood=3_334,
    settling=14.0,  # the first polls of what is open take ten seconds
)
AIMS = tuple(
    Aim(
        f"{measure}, beside a server that drips, hangs and floods, p50 against alone",
        ratio(f"{measure}, beside it", f"{measure}, alone", "p50"),
        most,
    )
    for measure, most in (("poll that tells it → post", 1.5), ("command → acknowledged", 1.5), ("command → card", 3))
)


@dataclass
class Both:
    """The hostile server and the other one, before the same bot. `took` is in seconds, by what was measured."""

    discord: DiscordServer
    client: httpx.AsyncClient
    size: Size
    took: dict[str, list[float]] = field(default_factory=dict)
    flood: list[Interaction] = field(default_factory=list)
    held: list[Mapping[str, int]] = field(default_factory=list)
    core: tuple[float, float] = (
        0.0,
        0.0,
    )  # seconds for which the bot ran, and for which it waited for a core

    async def go_on(self, provider: str, gateway: str) -> None:
        """The other server's results, and the flood and a look at what is held up meanwhile."""
        watching = asyncio.create_task(self._watch(provider, gateway))
        flooding = asyncio.create_task(self._flood())
        posted: list[asyncio.Task[tuple[str, float]]] = []
        for number in range(self.size.results):
            await asyncio.sleep(self.size.every)
            posted.append(asyncio.create_task(self._result(number)))
        at = dict(await asyncio.gather(*posted))
        watching.cancel()
        await flooding
        for run in (await self._report(provider))["runs"][WARMING_UP:]:
            self._note("provider's end → post", at[run["text"]] - run["ends_at"])
            self._note("poll that tells it → post", at[run["text"]] - run["told_at"])

    async def _result(self, number: int) -> tuple[str, float]:
        """What is said in a result, and when it was posted, by the wall clock."""
        soonest, latest = self.size.work
        member, text = FIRST_MEMBER + number, f"{soonest + (latest - soonest) * (number * GOLDEN % 1):.3f}"
        began = time.perf_counter()
        asked = await self._ask(OTHER_GUILD, member, text)
        await asked.acknowledged.wait()
        acknowledged = time.perf_counter()
        said = await asked.answer(POSTED_SECONDS)
        assert "is on its way" in said, said  # its share of the disk is not the other's
        if number >= WARMING_UP:
            self._note("command → acknowledged", acknowledged - began)
            self._note("command → card", time.perf_counter() - began)
        async with asyncio.timeout(POSTED_SECONDS):
            while not (outcome := self._outcome(member)):
                await asyncio.sleep(0.1)
        (file,) = outcome["attachments"]
        assert file["size"] > 0.9 * self.size.size
        return text, datetime.fromisoformat(outcome["timestamp"]).timestamp()

    def _outcome(self, member: int) -> Json | None:
        found = (message for message in self.discord.outcomes() if f"<@{member}>" in message["content"])
        return next(found, None)

    async def _flood(self) -> None:
        seconds, begin = self.size.results * self.size.every, time.perf_counter()
        while len(self.flood) < self.size.flood:
            due = min(self.size.flood, int(self.size.flood * (time.perf_counter() - begin) / seconds))
            for number in range(len(self.flood), due):
                guild_id = self.discord.state.guild_id
                self.flood.append(await self._ask(guild_id, number % FLOODING_MEMBERS, "Hello"))
            await asyncio.sleep(0.005)
        async with asyncio.timeout(ANSWERED_SECONDS):
            for asked in self.flood:
                await asked.answered.wait()

    async def _ask(self, guild_id: int, member: int, text: str) -> Interaction:
        state = self.discord.state
        said = {
            "guild_id": str(guild_id),
            "guild": {"id": str(guild_id), "locale": "en-US", "features": []},
            "authorizing_integration_owners": {"0": str(guild_id)},
            "member": state.as_member({**state.member, "id": str(member)}),
        }
        return await self.discord.people.slash("lipsync text", said=said, video=real_clip(), text=text, voice="Sunny")

    async def _watch(self, provider: str, gateway: str) -> None:
        while True:
            await asyncio.sleep(1.0)
            dripping, hanging = (await self._report(provider))["dripping"], (await self._report(gateway))["hanging"]
            self.held.append({"dripping": dripping, "hanging": hanging})

    async def _report(self, url: str) -> Any:
        return (await self.client.get(f"{url}/report")).json()

    def _note(self, measure: str, seconds: float) -> None:
        self.took.setdefault(measure, []).append(seconds)

    def answers(self) -> Counter[str]:
        """What became of the flood."""
        said = [str((asked.original or {}).get("content", "")) for asked in self.flood]
        return Counter(
            next((kind.__name__ for kind, begin in REFUSALS.items() if words.startswith(begin)), words[:60])
            for words in said
        )


async def main(size: Size = FULL) -> Figures:
    """Print both sides, which take turns, and what was the matter with the hostile server; the figures."""
    sides: dict[str, list[Both]] = {"alone": [], "beside it": []}
    with tempfile.TemporaryDirectory() as videos:
        await asyncio.to_thread(write_clip, Path(videos, "result.mp4"), 5.0, size.size)
        for _ in range(size.rounds):
            sides["alone"].append(await _measure(replace(size, flood=0, hostile=Hostile(0, 0)), videos))
            sides["beside it"].append(await _measure(size, videos))
    print(f"\nanother server's result of {size.size / 1e6:.0f} MB, s ({size.rounds} rounds of each side)")
    print(f"{'':28} {'':12} {'p50':>8} {'p90':>8} {'max':>8}   p50 against the baseline")
    figures = {}
    for measure in sides["alone"][0].took:
        all_took = {side: [s for one in each for s in one.took[measure]] for side, each in sides.items()}
        for side, took in all_took.items():
            middle, p90 = statistics.median(took), statistics.quantiles(took, n=10, method="inclusive")[8]
            ratio = middle / statistics.median(all_took["alone"])
            print(f"{measure:28} {side:12} {middle:8.3f} {p90:8.3f} {max(took):8.3f}   {ratio:.2f}")
            figures[f"{measure}, {side}"] = {"p50": middle, "p90": p90, "max": max(took), "ratio": ratio}
    for side, rounds in sides.items():
        ran, waited = (sum(seconds) for seconds in zip(*(both.core for both in rounds), strict=True))
        print(f"{side}: the bot ran for {ran:.1f} s and waited {waited:.1f} s for a core")
    _print_load(size, sides["beside it"])
    return figures


def _print_load(size: Size, rounds: Sequence[Both]) -> None:
    """Prove that it was there."""
    for name, of in (("dripping", size.hostile.drips), ("hanging", size.hostile.hanging)):
        held = [each[name] for both in rounds for each in both.held]
        print(f"meanwhile {name}, of {of}: {min(held)} to {max(held)} at once, median {statistics.median(held):g}")
    answers = sum((both.answers() for both in rounds), Counter[str]())
    seconds = size.rounds * size.results * size.every
    print(f"meanwhile {size.flood * size.rounds} commands in {seconds:.0f} s, all answered: {dict(answers)}")


async def _measure(size: Size, videos: str) -> Both:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            DiscordServer() as discord,
            serving("tests.bench.shares_far_side", videos, str(size.size)) as provider,
            serving("tests.bench.shares_far_side", videos, str(size.size)) as gateway,
        ):
            members = range(FIRST_MEMBER, FIRST_MEMBER + size.results)
            await fill(Path(folder), discord.state.guild_id, members, gateway, size.hostile)
            hosts = [url.removeprefix("http://") for url in (provider, gateway)]
            settings = {
                "PROVIDER_URLS": f'{{"runcomfy": "{provider}"}}',
                "GATEWAY_HOSTS": hosts[1],
                "TRUSTED_HOSTS": ",".join([discord.host, *hosts]),
                "DISK_SHARE": str(DISK_SHARE),
            }
            async with connected(discord, Path(folder), settings, "bot", "run") as bot, httpx.AsyncClient() as client:
                await asyncio.sleep(size.settling)
                both, before = Both(discord, client, size), _on_core(bot)
                await both.go_on(provider, gateway)
                ran, waited = (now - then for now, then in zip(_on_core(bot), before, strict=True))
                both.core = ran, waited
                return both


def _on_core(process: int) -> tuple[float, float]:
    """Seconds for which its first thread has run, and has waited for a core; none where the system doesn't tell."""
    told = Path(f"/proc/{process}/schedstat")
    ran, waited, *_ = told.read_text().split() if told.exists() else ("0", "0")
    return int(ran) / 1e9, int(waited) / 1e9
