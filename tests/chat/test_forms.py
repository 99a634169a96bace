"""A form is heard by whichever process it is sent to, by whoever opened it, and for fifteen minutes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.forms import Form
from bot.words.refusals.asks import FormGone
from storage.people.unfinished import WAITING_SECONDS
from tests.cogs.test_make_it_speak import WORDS, asked_for, menu_on, post, send
from tests.world import CLIP, World, answer


def kinds(world: World) -> dict[str, type[Form]]:
    return world.client.services.forms._kinds


async def test_no_panel_that_is_shown_is_kept_in_memory(world: World) -> None:
    at_the_start = {id(view) for view in world.client.persistent_views}
    for command in ("setup", "access channels", "access roles"):
        await world.moderator.slash(world.channel, f"lipsync-admin {command}")
    assert {id(view) for view in world.client.persistent_views} == at_the_start


async def test_what_stood_in_a_form_is_known_from_the_database_alone(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    (row,) = await world.parts.database.rows(
        "SELECT kind, about, member_id FROM unfinished WHERE member_id <> :mod", mod=world.moderator.id
    )
    assert (row["kind"], row["member_id"]) == ("form", world.member.id)
    assert "is on its way" in answer(await send(world, form, {WORDS: "Hello there"}))
    await world.quiet()
    assert (await asked_for(world)).text == "Hello there"
    assert (await asked_for(world)).voice == json.loads(row["about"])["voice"]


async def test_a_form_that_was_open_for_too_long_says_so_and_does_nothing(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    world.clock.skipped += WAITING_SECONDS
    assert "That form was open for too long" in answer(await send(world, form, {WORDS: "Hello there"}))
    assert world.client.services.worker.open_jobs == 0


def sent(world: World, custom_id: str, by: int, guild_id: int | None = None) -> Any:
    """What arrives with a form."""
    where = world.guild.id if guild_id is None else guild_id
    return SimpleNamespace(
        data={"custom_id": custom_id}, user=SimpleNamespace(id=by), guild_id=where, client=world.client
    )


async def opened(world: World) -> str:
    """The custom id of a form that the member has open."""
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    assert form.modal
    return str(form.modal["custom_id"])


async def test_nobody_sends_a_form_that_somebody_else_opened(world: World) -> None:
    forms, custom_id = world.client.services.forms, await opened(world)
    assert (await forms.sent(sent(world, custom_id, world.member.id))).kind == "words"
    with pytest.raises(FormGone):
        await forms.sent(sent(world, custom_id, world.moderator.id))
    with pytest.raises(FormGone):
        await forms.sent(sent(world, custom_id, world.member.id, guild_id=1))


@pytest.mark.parametrize("custom_id", ["0123456789abcdef", "v1:form:words:1", "v1:form:none:1", "v1:form:words:x", ""])
async def test_a_form_of_an_earlier_version_and_a_forged_one_are_not_known(world: World, custom_id: str) -> None:
    await opened(world)
    with pytest.raises(FormGone):
        await world.client.services.forms.sent(sent(world, custom_id, world.member.id))


async def test_every_form_is_taken(world: World) -> None:
    assert set(kinds(world)) == {"words", "clip", "voice", "part", "key", "limits"}
    assert all(form.kind == kind for kind, form in kinds(world).items())
