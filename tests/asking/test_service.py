"""Asking for a job is answered by the job, or by a question; a refusal is raised, and never a question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.asking.answers import NeedsAttestation, NeedsFixes, Started
from bot.asking.drafts import Draft, Pending, PendingDrafts
from bot.domain.ask import Ask, Asker, Place
from bot.errors import Refusal
from bot.words.refusals.asks import OfferGone
from bot.words.refusals.limits import ShuttingDown
from tests.asking.test_candidates import facts_of_the_clip
from tests.conftest import OTHER_GUILD
from tests.scripted import CLIP, scripted
from tests.world import World


def ask_of(world: World, member_id: int, interaction_id: int = 9000) -> Ask:
    """What a member asks of a provider that takes clips of 2 to 10 s."""
    place = Place(world.guild.id, world.channel.id, world.channel.mention)
    audio = CLIP.model_copy(update={"url": "https://cdn.discordapp.com/a.mp3", "name": "a.mp3"})
    return Ask(place, Asker(member_id), interaction_id, CLIP, audio=audio, provider="scripted")


async def test_a_job_that_was_started_comes_with_what_is_left_to_its_member(world: World) -> None:
    scripted(world)
    await world.moderator.slash(world.channel, "lipsync-admin quota set", most=5, unit="jobs", per="day")
    answer = await world.client.services.asking.start(ask_of(world, world.member.id))
    assert isinstance(answer, Started)
    assert [standing.left for standing in answer.standings if standing.rule.most == 5] == [4]
    await world.quiet()


async def test_somebody_new_is_asked_once_and_then_it_goes_on(world: World) -> None:
    scripted(world)
    asking, newcomer = world.client.services.asking, world.guild.add_member(world.env.create_user("new"))
    ask = ask_of(world, newcomer.id)
    assert await asking.start(ask) == NeedsAttestation(ask.interaction_id)
    assert world.client.services.worker.open_jobs == 0
    assert isinstance(await asking.attest(ask.guild_id, ask.asker, ask.interaction_id), Started)
    await world.quiet()
    assert isinstance(await asking.start(replace(ask, interaction_id=9001)), Started)
    await world.quiet()


async def test_what_can_be_mended_is_asked_and_the_offer_waits_for_the_yes(world: World) -> None:
    scripted(world)
    facts_of_the_clip(world, seconds=25.0)
    asking, ask = world.client.services.asking, ask_of(world, world.member.id)
    answer: Any = await asking.start(ask)
    assert isinstance(answer, NeedsFixes)
    assert answer.offer == await asking.offered(ask.guild_id, ask.asker, ask.interaction_id)
    assert world.client.services.worker.open_jobs == 0
    await asking.drop(ask.guild_id, ask.asker, ask.interaction_id)


async def test_what_was_never_asked_is_not_known(world: World) -> None:
    assert await world.client.services.asking.attest(world.guild.id, Asker(world.member.id), 1234) is None
    with pytest.raises(OfferGone):
        await world.client.services.asking.offered(world.guild.id, Asker(world.member.id), 1234)


async def from_another_process(world: World, draft: Draft) -> None:
    """Keep a draft as another process, or an earlier life of this one, would."""
    here: Pending[Draft] = Pending(world.clock)
    await PendingDrafts(world.parts.stores.unfinished, here, world.parts.incoming, world.clock).keep(draft)


async def test_what_another_process_offered_begins_with_the_yes_here(world: World, tmp_path: Path) -> None:
    scripted(world)
    facts_of_the_clip(world, seconds=25.0)
    asking, ask = world.client.services.asking, ask_of(world, world.member.id)
    before: Any = await asking.start(ask)
    await asking.drop(ask.guild_id, ask.asker, ask.interaction_id)
    await from_another_process(world, Draft(ask, tmp_path / "elsewhere", before.offer.seen, before.offer))
    assert (await asking.offered(ask.guild_id, ask.asker, ask.interaction_id)).request == before.offer.request
    assert isinstance(await asking.mend(ask.guild_id, ask.asker, ask.interaction_id, rest=False, part=None), Started)
    with pytest.raises(OfferGone):
        await asking.mend(ask.guild_id, ask.asker, ask.interaction_id, rest=False, part=None)
    await world.quiet()


async def test_a_refusal_lets_what_another_process_offered_wait_on(world: World, tmp_path: Path) -> None:
    scripted(world)
    facts_of_the_clip(world, seconds=25.0)
    asking, ask = world.client.services.asking, ask_of(world, world.member.id)
    before: Any = await asking.start(ask)
    await asking.drop(ask.guild_id, ask.asker, ask.interaction_id)
    await from_another_process(world, Draft(ask, tmp_path / "elsewhere", before.offer.seen, before.offer))
    with pytest.raises(Refusal):
        await asking.mend(ask.guild_id, ask.asker, ask.interaction_id, rest=False, part=(99.0, 5.0))
    assert isinstance(await asking.mend(ask.guild_id, ask.asker, ask.interaction_id, rest=False, part=None), Started)
    await world.quiet()


async def test_who_confirms_gets_what_they_asked_another_process_for(world: World, tmp_path: Path) -> None:
    scripted(world)
    newcomer = world.guild.add_member(world.env.create_user("new"))
    ask, asking = ask_of(world, newcomer.id), world.client.services.asking
    await from_another_process(world, Draft(ask, tmp_path / "elsewhere"))
    assert isinstance(await asking.attest(ask.guild_id, ask.asker, ask.interaction_id), Started)
    assert await asking.attest(ask.guild_id, ask.asker, ask.interaction_id) is None
    await world.quiet()


async def test_what_was_asked_for_in_one_server_is_not_agreed_to_from_another(world: World) -> None:
    """Where the person may be a moderator, or have other roles."""
    scripted(world)
    facts_of_the_clip(world, seconds=25.0)
    asking, ask = world.client.services.asking, ask_of(world, world.member.id)
    assert isinstance(await asking.start(ask), NeedsFixes)
    there = Asker(world.member.id, is_moderator=True)
    for pressed in (
        asking.mend(OTHER_GUILD, there, ask.interaction_id, rest=True, part=None),
        asking.drop(OTHER_GUILD, there, ask.interaction_id),
        asking.offered(OTHER_GUILD, there, ask.interaction_id),
    ):
        with pytest.raises(OfferGone):
            await pressed
    assert await asking.attest(OTHER_GUILD, there, ask.interaction_id) is None
    assert isinstance(await asking.mend(ask.guild_id, ask.asker, ask.interaction_id, rest=True, part=None), Started)
    await world.quiet()


async def test_a_process_whose_life_is_over_starts_nothing_as_another_may_have_said_so(world: World) -> None:
    scripted(world)
    asking, ask = world.client.services.asking, ask_of(world, world.member.id)
    world.parts.stores.jobs.life = world.parts.stores.workers.life  # as where there are others
    await world.parts.stores.workers.end()
    with pytest.raises(ShuttingDown):
        await asking.start(ask)
