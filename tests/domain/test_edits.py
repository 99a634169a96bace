"""How edits are written: into the rows of jobs, and into the names of files that were prepared by them."""

from __future__ import annotations

from bot.domain.edits import ClipEdit, SoundEdit
from bot.domain.request import Request
from bot.jobs.inputs import EDIT

CLIP = ClipEdit(start=1.5, seconds=5.0, width=1280, height=720, most_bytes=1000)
SOUND = SoundEdit(seconds=2.0, most_bytes=20)


def test_edits_are_written_as_in_every_version_before() -> None:
    """Else files that were prepared before an upgrade would be made again, and rows couldn't be read."""
    assert EDIT.dump_json(CLIP) == b'{"start":1.5,"seconds":5.0,"width":1280,"height":720,"most_bytes":1000}'
    assert EDIT.dump_json(SOUND) == b'{"format":"mp3","seconds":2.0,"fill":"silence","most_bytes":20}'


def test_what_is_written_of_a_request_with_edits_is_read_again_and_what_is_unknown_is_passed_over() -> None:
    request = Request(flow="text", mode="text", clip=CLIP, sound=SOUND)
    assert Request.model_validate_json(request.model_dump_json()) == request
    later = request.model_dump_json().replace('"most_bytes":20}', '"most_bytes":20,"pitch":2}')
    assert Request.model_validate_json(later) == request
