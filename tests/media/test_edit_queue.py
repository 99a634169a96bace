"""The queue of edits: no server's files keep another's waiting, and no member's for more than one edit."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple, cast

from bot.domain.edits import ClipEdit
from bot.media.edit_queue import EditQueue
from bot.media.pool import WorkerPool
from tests.scripted import until

EDIT = ClipEdit(seconds=2.0, width=720, height=720, most_bytes=1_000_000)


class Owner(NamedTuple):
    guild_id: int
    member_id: int


class HeldPool:
    """Holds every edit until it is let go, and knows whose are under way."""

    def __init__(self) -> None:
        self.under_way: list[str] = []
        self.begun: list[str] = []
        self.most = 0
        self.go_on = asyncio.Event()

    async def run(self, _task: Any, _bounds: Any, source: Path, *_: Any, writes: Path, **__: Any) -> None:
        self.under_way.append(source.name)
        self.begun.append(source.name)
        self.most = max(self.most, len(self.under_way))
        await self.go_on.wait()
        self.under_way.remove(source.name)
        writes.write_bytes(b"made")


async def edited(owners: dict[str, Owner], folder: Path) -> HeldPool:
    """The pool, once every edit was made; the first are let go when whoever may begin has begun."""
    pool = HeldPool()
    queue = EditQueue(cast("WorkerPool", pool))
    edits = (queue.editor(owner).clip(Path(name), EDIT, folder / name) for name, owner in owners.items())
    waiting = asyncio.gather(*edits)
    await until(lambda: pool.under_way)
    for _ in range(20):
        await asyncio.sleep(0)
    pool.go_on.set()
    await waiting
    return pool


async def test_the_edits_of_one_server_are_made_one_after_the_other(tmp_path: Path) -> None:
    made = await edited({f"many-{number}": Owner(1, number) for number in range(5)}, tmp_path)
    assert (len(made.begun), made.most) == (5, 1)


async def test_a_server_with_many_edits_holds_up_no_edit_of_another(tmp_path: Path) -> None:
    many = {f"many-{number}": Owner(1, number) for number in range(20)}
    made = await edited(many | {"other": Owner(2, 99)}, tmp_path)
    assert set(made.begun[:2]) == {"many-0", "other"}
    assert made.most == 2


async def test_a_member_with_many_edits_lets_another_of_the_server_go_next(tmp_path: Path) -> None:
    many = {f"many-{number}": Owner(1, 7) for number in range(20)}
    made = await edited(many | {"other": Owner(1, 8)}, tmp_path)
    assert made.begun.index("other") <= 2
    assert len(made.begun) == 21
