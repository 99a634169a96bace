"""The list of changes that no test can notice names real lines, and is read as mutmut tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.survivors import Change, change, known, results, unlisted

ROOT = Path(__file__).parent.parent.parent
TOLD = """
    bot.domain.costs.x_charge__mutmut_3: survived
    bot.net.client.xǁHttpǁdownload__mutmut_14: caught by type check
    bot.domain.costs.x_charge__mutmut_4: killed
"""
DIFF = """# bot.domain.costs.x_charge__mutmut_3: survived
--- bot/domain/costs.py
+++ bot/domain/costs.py
@@ -1,4 +1,4 @@
 def charge(job):
-    one = call(
-        1)
+    one = call(None)
     return one
"""
CHANGE = Change("bot.domain.costs.charge", "one = call(\n1)", "one = call(None)")


def test_the_outcome_of_each_mutant_is_read() -> None:
    assert results(TOLD) == {
        "bot.domain.costs.x_charge__mutmut_3": "survived",
        "bot.net.client.xǁHttpǁdownload__mutmut_14": "caught by type check",
        "bot.domain.costs.x_charge__mutmut_4": "killed",
    }


def test_a_mutant_is_known_by_what_it_changes_and_not_by_its_number() -> None:
    assert change("bot.domain.costs.x_charge__mutmut_3", DIFF) == CHANGE
    assert change("bot.net.client.xǁHttpǁdownload__mutmut_14", DIFF).where == "bot.net.client.Http.download"
    assert change("a.x__more__mutmut_1", DIFF).where == "a._more"
    with pytest.raises(ValueError, match="charge"):
        change("charge", DIFF)


def test_of_the_survivors_those_that_are_not_listed_remain() -> None:
    other = Change("bot.domain.costs.begun", "1", "2")
    assert unlisted([CHANGE, other], [CHANGE]) == [other]


@pytest.mark.parametrize("one", known(), ids=lambda one: f"{one.where}: {one.becomes}"[:90])
def test_what_is_listed_stands_in_the_code_with_a_reason(one: Change) -> None:
    source = source_of(one.where).read_text(encoding="utf-8")
    lines = {line.strip() for line in source.splitlines()}
    assert f"def {one.where.rpartition('.')[2]}(" in source
    assert [line for line in one.was.splitlines() if line not in lines] == []
    assert known()[one]


def source_of(where: str) -> Path:
    """The file of the function of that name."""
    path = ROOT.joinpath(*where.split("."))
    while not path.with_suffix(".py").exists():
        path = path.parent
    return path.with_suffix(".py")
