"""One ending, tried in a server of its own, and what is read of it there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bot.app.client import Mouthpiece
from bot.asking.answers import Started
from bot.domain.ask import Ask, Asker, Place
from bot.domain.job import Job
from bot.domain.request import Media
from bot.domain.voices import voices_of
from bot.errors import Refusal
from bot.net.faults import ProviderError
from bot.sandbox.runs import Run
from tests.discord_server.state import Json
from tests.providers.samples import Reply, Sample
from tests.scripted import until
from tests.truth.books import Books, Entry, books
from tests.truth.stand import Spot, Stand
from tests.welcome import welcome

CLIP = Media(url="https://cdn.discordapp.com/clip.mp4", name="clip.mp4", size=1000)
SOUND = Media(url="https://cdn.discordapp.com/voice.mp3", name="voice.mp3", size=1000)
LINE = "A line that is long enough to be spoken."
MODERATOR = 1
HOURS = 6 * 3600.0  # longer than any job may take


class Scene:
    """A server with a key, a log and one job, of which something goes wrong at a stage: the spot."""

    def __init__(self, stand: Stand, spot: Spot) -> None:
        self.stand, self.spot = stand, spot
        self.told: dict[int, Entry] = {}  # what the bot was told of its orders, where that isn't what became of them
        self.lost = False  # an answer was lost, so that it is right not to know
        self.job_id = 0
        self.clip = CLIP
        self.provider: str | None = spot.provider  # that is asked for, None for any
        self._first = len(stand.sandbox.runs.ledger)
        stand.calm()

    async def open(self, client: Mouthpiece) -> None:
        """A new server, with a key of the provider and a log."""
        self.client, state = client, self.stand.discord.state
        state.guild_id, state.channel_id, state.member = state.snowflake(), state.snowflake(), state.user("alex")
        self.guild_id, self.channel_id, self.member_id = state.guild_id, state.channel_id, int(state.member["id"])
        self.log = state.thread(state.snowflake(), "log")
        self.log["parent_id"] = "0"
        parts, sample = self.stand.parts, self.spot.sample
        await welcome(parts.database, self.guild_id, self.member_id)
        await self.add_key(sample)
        await client.services.server_rules.log_to(self.guild_id, int(self.log["id"]), by=MODERATOR)

    async def add_key(self, sample: Sample) -> None:
        """A key of that provider."""
        keys, name = self.stand.parts.stores.keys, sample.provider.name
        await keys.put(self.guild_id, name, sample.credentials, hint="0001", added_by=MODERATOR, now=0.0)

    @property
    def earlier(self) -> bool:
        """Whether stages are done, and charged for, before the spot."""
        return self.spot.number > 0

    @property
    def runs(self) -> list[Run]:
        """The orders that the provider took."""
        return self.stand.sandbox.runs.ledger[self._first :]

    @property
    def books(self) -> Books:
        """What the provider's books hold."""
        return books(self.runs, self.told)

    def before(self, call: str, do: Callable[[], None]) -> None:
        """Do something before every such call of the spot's stage."""
        self.stand.before[call, self.spot.stage] = do

    def after(self, call: str, change: Callable[[Any], Any]) -> None:
        """Change what comes of every such call."""
        self.stand.after[call, self.spot.stage] = change

    def fault(self, call: str, kind: str, **details: Any) -> None:
        """Let every such call of the spot's stage go wrong in that way."""
        self.before(call, lambda: self.arm(kind, **details))

    def arm(self, kind: Any, **details: Any) -> None:
        """Let the provider's next answer go wrong in that way; the next ones, where it is made without any effect."""
        self.stand.sandbox.faults.clear()
        details = {"times": 9 if kind == "answer" else 1, "path": f"/{self.spot.provider}*", **details}
        self.stand.sandbox.faults.add(kind, **details)

    def refuse(self, fault: type[ProviderError], call: str = "submit") -> None:
        """Let the provider answer with its documented words for that fault."""
        reply = self.documented(fault)
        assert reply
        self.fault(call, "answer", status=reply.status, body=reply.body)

    def documented(self, fault: type[ProviderError]) -> Reply | None:
        """The provider's answer that is that fault, if one is documented."""
        return next((reply for reply, found in self.spot.sample.errors if found is fault), None)

    def hold(self) -> None:
        """Let the stage's order wait in the provider's line for good."""
        self.before("submit", lambda: setattr(self.stand.sandbox.runs, "queue_seconds", 3600.0))

    def skip(self, seconds: float = HOURS) -> None:
        """Let the wall clock go forward."""
        self.stand.clock.skipped += seconds

    async def ask(self) -> None:
        """The member's command."""
        state, flow = self.stand.discord.state, self.spot.flow
        place = Place(self.guild_id, self.channel_id, "#studio", file_bytes=state.boosted_bytes - 65_536)
        said: dict[str, Any] = {"audio": SOUND}
        if flow.mode == "text":
            said = {
                "text": " ".join([LINE] * 4) if flow.name.startswith("long") else LINE,
                "voice": next(key for key in voices_of(self.spot.provider) if key.startswith("en:")),
            }
        ask = Ask(place, Asker(self.member_id), state.snowflake(), self.clip, provider=self.provider, **said)
        with suppress(Refusal):
            started = await self.client.services.asking.start(ask)
            assert isinstance(started, Started), started
        (job,) = await self.client.services.ledger.jobs(self.guild_id)
        self.job_id = job.id

    async def row(self) -> Job:
        """The job as it is now."""
        job = await self.stand.parts.stores.jobs.get(self.guild_id, self.job_id)
        assert job
        return job

    async def reaches(self, state: str) -> None:
        """Wait until the spot's stage is in that state."""

        async def there() -> bool:
            job = await self.row()
            return (job.state, job.position.stage) == (state, self.spot.stage)

        await until(there)

    async def over(self) -> Job:
        """Wait until the job is closed, and everything is told of it: the job."""
        stores, worker = self.stand.parts.stores, self.client.services.worker
        await until(lambda: worker.resumed.is_set() and not worker.open_jobs)

        async def told() -> bool:
            return not await stores.log_entries.waiting() and self.guild_id not in await stores.cases.due()

        await until(told)
        return await self.row()

    async def run(self) -> Job:
        """From the command to the end."""
        await self.ask()
        return await self.over()

    def messages(self) -> list[Json]:
        """What is posted in the server, oldest first."""
        state = self.stand.discord.state
        ours = {str(self.channel_id), *state.direct, *(str(number) for number in state.threads)}
        return [message for message in state.messages.values() if message["channel_id"] in ours]
