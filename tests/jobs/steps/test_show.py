"""A card that Discord doesn't edit for a while shows the end later; until then its row says that it is due."""

from __future__ import annotations

from bot.chat.custom_ids import CANCEL_PREFIX
from tests.canned import hold_work
from tests.scripted import until
from tests.storage.plain import with_cards_due
from tests.world import World, answer


async def test_a_last_edit_that_fails_for_a_while_is_made_again(world: World) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await until(lambda: world.sandbox.runs.ledger)
    await until(lambda: "⚙️" in world.card_text())
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=3)
    go_on.set()
    await world.quiet()
    assert "✅ Done" in world.card_text()
    assert await with_cards_due(world.parts.database) == []


async def test_a_last_edit_that_goes_on_failing_is_left_to_the_next_start(world: World) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await until(lambda: world.sandbox.runs.ledger)
    await until(lambda: "⚙️" in world.card_text())
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=50)
    go_on.set()
    await world.quiet()
    assert len(world.outcomes()) == 1
    assert len(await with_cards_due(world.parts.database)) == 1


async def test_cancel_on_a_card_left_as_it_was_says_how_the_job_ended_and_brings_the_card_up_to_date(
    world: World,
) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await until(lambda: world.sandbox.runs.ledger)
    await until(lambda: "⚙️" in world.card_text())
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=404, times=1)
    go_on.set()
    await world.quiet()
    assert "⚙️" in world.card_text()
    (open_job,) = await world.client.services.ledger.jobs(world.guild.id)
    said = answer(await world.member.click(world.card(), custom_id=f"{CANCEL_PREFIX}{open_job.id}"))
    assert "There is nothing to cancel" in said
    assert "✅ Done" in said
    await world.quiet()
    assert "✅ Done" in world.card_text()
