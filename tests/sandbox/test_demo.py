"""`python -m bot demo`, as a newcomer or CI runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av

ROOT = Path(__file__).parent.parent.parent


def run_demo(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, "-m", "bot", "demo"],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "CI": "true", **settings},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_demo_makes_two_real_videos_says_where_and_ends(tmp_path: Path) -> None:
    done = run_demo(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "demo-videos/" in done.stdout
    videos = sorted((tmp_path / "demo-videos").glob("*.mp4"))
    assert [video.name.partition("-")[0] for video in videos] == ["audio", "text"]
    for video in videos:
        with av.open(video) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (1280, 720)
            assert container.duration == 5 * av.time_base
    assert len(list((tmp_path / "demo-videos" / "to-try").iterdir())) >= 7
    assert done.stderr == ""


def test_the_demo_fails_loudly_when_a_video_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "demo-videos").write_text("a file where the folder should be")
    assert run_demo(tmp_path).returncode != 0
