"""`python -m bot demo`, as a newcomer or CI runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from bot.sandbox.page.server import served_at

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


def test_the_demo_makes_two_real_videos_beside_the_settings_of_a_bot_says_where_and_ends(tmp_path: Path) -> None:
    real = {"DATABASE_PATH": str(tmp_path / "real" / "bot.db"), "DATABASE_URL": "postgresql://127.0.0.1:1/bot"}
    (tmp_path / ".env").write_text(f"DATABASE_PATH={real['DATABASE_PATH']}\nSHARDS=nonsense\n")
    done = run_demo(tmp_path, HTTP_PORT="1", **real)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "real").exists()
    assert "demo-videos/" in done.stdout
    videos = sorted((tmp_path / "demo-videos").glob("*.mp4"))
    assert [video.name.partition("-")[0] for video in videos] == ["audio", "text"]
    for video in videos:
        with av.open(video) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (1280, 720)
            assert container.duration == 5 * av.time_base
    assert len(list((tmp_path / "demo-videos" / "to-try").iterdir())) >= 7
    assert done.stderr == ""


def test_what_the_demo_does_is_read_at_once_where_it_is_no_terminal(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo"],
        cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        said = [process.stdout.readline() for _ in range(3)]
        assert said[2] == "  Drawing a talking face, recording a voice …\n"
        assert not list((tmp_path / "demo-videos").glob("*.mp4"))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_page_is_where_a_container_can_publish_it_and_else_for_this_machine_only() -> None:
    assert served_at({}) == ("127.0.0.1", 0)
    assert served_at({"HTTP_HOST": "0.0.0.0", "HTTP_PORT": "8080"}) == ("0.0.0.0", 8080)  # noqa: S104


@pytest.mark.parametrize("place", ["demo-videos", "demo-videos/to-try", "demo-videos/to-try/talking-head.mp4/in"])
def test_the_demo_says_why_when_its_files_cannot_be_kept(tmp_path: Path, place: str) -> None:
    blocking = tmp_path / place
    blocking.parent.mkdir(parents=True, exist_ok=True)
    blocking.write_text("what should not be here")
    done = run_demo(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("The demo needs a folder for its videos: ")
    assert done.stderr.count("\n") == 1
