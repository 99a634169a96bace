"""`make docs` writes what is generated of the documentation anew."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.docs.pages import generated
from tests.world import open_world


async def main() -> None:
    """Write every page that has generated parts."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder)) as world:
            pages = generated(world.client.tree)
    for page, text in pages.items():
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
