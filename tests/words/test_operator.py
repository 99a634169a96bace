"""What the operator reads is grammatical for none, one and several."""

from __future__ import annotations

from bot.words.admin.doctor import opened
from bot.words.admin.operator import stopped
from bot.words.admin.rotation import given_up, sealed_anew


def test_the_log_says_at_the_end_how_many_jobs_go_on() -> None:
    assert stopped(0) == "stopped; no job was under way here"
    assert stopped(1) == "stopped; 1 open job goes on at the next start"
    assert stopped(12) == "stopped; 12 open jobs go on at the next start"


def test_keys_are_counted_as_people_count() -> None:
    assert sealed_anew(0, "local").startswith("0 keys were sealed anew with “local”")
    assert sealed_anew(1, "local").startswith("1 key was sealed anew with “local”")
    assert "1 key of 1 server can't be opened, and was switched off." in given_up(1, 1)
    assert "3 keys of 2 servers can't be opened, and were switched off." in given_up(3, 2)
    assert opened(0) == "no provider key is stored that needs it"
    assert opened(1) == "it opens every stored key (1 key)"
