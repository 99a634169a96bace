"""A card that Discord doesn't edit for a while shows the end later; until then its row says that it is due."""

from __future__ import annotations

from tests.canned import hold_work
from tests.scripted import until
from tests.world import World


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
    assert await world.parts.stores.jobs.with_cards_due() == []


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
    assert len(await world.parts.stores.jobs.with_cards_due()) == 1
