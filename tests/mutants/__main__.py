"""`python -m tests.mutants [NAME…]`: make the mutants, run the tests that reach each, and name those that pass.

mutmut does it, as `tool.mutmut` in pyproject.toml says. Without names everything begins anew; with names, such as
`bot.domain.costs*`, only those mutants are tested again. Ends with 1 when a mutant survives that `known.toml` doesn't
list, or when one is listed there that doesn't survive.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.mutants.survivors import NOTICED, Change, change, known, results, unlisted

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
MEMORY = Path("/dev/shm")  # noqa: S108 - the tests' databases are written there, where there is such a place


def _mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    return subprocess.run([BIN / "mutmut", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _run(names: list[str]) -> None:
    if not names:
        shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    surroundings = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    if MEMORY.is_dir():
        surroundings["TMPDIR"] = str(MEMORY)
    subprocess.run([BIN / "mutmut", "run", "--max-children", "1", *names], cwd=ROOT, env=surroundings, check=True)


def _show(title: str, changes: list[Change]) -> None:
    for one in changes:
        was, becomes = (
            f"\n  {sign} ".join(["", *text.splitlines()]) for sign, text in (("-", one.was), ("+", one.becomes))
        )
        print(f"\n{title}, in {one.where}:{was}{becomes}")


def main(names: list[str]) -> int:
    """Test the mutants; 0 when every one is noticed or known."""
    os.nice(19)
    _run(names)
    outcomes = results(_mutmut("results", "--all", "true"))
    survivors = [change(name, _mutmut("show", name)) for name, outcome in outcomes.items() if outcome not in NOTICED]
    listed = known()
    new, gone = unlisted(survivors, listed), unlisted(listed, survivors)
    _show("Nothing notices this", new)
    _show("This is listed in known.toml, and was noticed or is not there any more", gone)
    noticed = len(outcomes) - len(survivors)
    print(f"\nOf {len(outcomes)} mutants {noticed} were noticed ({noticed / len(outcomes):.1%}).", end=" ")
    print(f"{len(survivors) - len(new)} are known, and {len(new)} are not: {dict(Counter(outcomes.values()))}")
    return 1 if new or gone else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
