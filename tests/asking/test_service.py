"""Asking for a job is answered by the job, or by a question; a refusal is raised, and never a question."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.asking.answers import NeedsAttestation, NeedsFixes, Started
from bot.domain.ask import Ask, Asker, Place
from tests.asking.test_candidates import facts_of_the_clip
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
    assert isinstance(await asking.attest(ask.asker, ask.interaction_id), Started)
    await world.quiet()
    assert isinstance(await asking.start(replace(ask, interaction_id=9001)), Started)
    await world.quiet()


async def test_what_can_be_mended_is_asked_and_the_offer_waits_for_the_yes(world: World) -> None:
    scripted(world)
    facts_of_the_clip(world, seconds=25.0)
    asking, ask = world.client.services.asking, ask_of(world, world.member.id)
    answer: Any = await asking.start(ask)
    assert isinstance(answer, NeedsFixes)
    assert answer.offer == asking.offered(ask.asker, ask.interaction_id)
    assert world.client.services.worker.open_jobs == 0
    await asking.drop(ask.asker, ask.interaction_id)


async def test_nothing_is_known_any_more_of_what_was_asked_before_a_restart(world: World) -> None:
    assert await world.client.services.asking.attest(Asker(world.member.id), 1234) is None
