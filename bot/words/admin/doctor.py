"""What the operator reads of `python -m bot doctor`: how each part is, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.words.admin.finding import Finding, Level
from bot.words.english import counted, listed

_LEVELS: Mapping[Level, str] = {Level.OK: "ok", Level.WARNING: "warning", Level.ILL: "ILL"}
_WIDTHS = 9, 16

ALL_KNOWN = "all of them can be read, and no name looks like a typo"
CORRECT_IT = "correct this line in the environment or in .env; .env.example shows each setting"
RENAME_IT = "rename it to {known}, or take it out: the bot doesn't read it"
COPY_AGAIN = "copy it once more from the developer portal (Bot, Reset Token), then start the bot again"
CHECK_NETWORK = "check this machine's network and firewall, and the proxy in DISCORD_API_URL if there is one"
CHECK_GATEWAY = "let this machine open wss:// connections, or look at the proxy in DISCORD_GATEWAY_URL"
FEW_SESSIONS = "find out what starts the bot again and again before Discord takes its token back; its log says why"
SET_CLOCK = "have this machine's clock set over the network (NTP)"
WAY_IN = "see to it in the developer portal, on the application's first page"
ALLOW = "in Discord: Edit channel, Permissions, the bot's role; or choose another channel in /lipsync-admin setup"
INVITE = "invite it again with the link in its log, or wait: it forgets a server that it isn't in any more"
ASK_AGAIN = "run doctor again in a minute; status.discord.com tells of outages"
MAKE_ROOM = "make room on this disk: with less than 256 MiB free, nothing more is taken"
OWN_FOLDER = "let the bot's user write there: chown -R the folder to it (10001 in the container)"
OWN_DISK = "keep SQLite's file on a disk of this machine, not on a network share or a stick"
SEE_BACKUPS = "start the bot; if it runs, its log says why no backup can be made or restored"
GET_SANDBOX = "install that extra, or take the image whose tag ends in -sandbox, or take SANDBOX out"
FREE_PORT = "stop what uses it, or choose another HTTP_PORT"
SEE_HEALTH = "read the bot's log from the moment on at which this began, and start it again if it doesn't recover"
CONFINE = "use Linux 5.13 or newer on x86-64 or ARM64, and a container runtime whose rules allow Landlock and seccomp"
PUT_BACK = "stop the bot and put a backup in the file's place, without its -wal and -shm files"
SEE_DATABASE = "put right what is said there, then run doctor again"
UPDATE_BOT = "start the version of the bot that worked on it last, or put a copy from before in its place"
WILL_MIGRATE = "nothing, or a backup first: the next start changes it, and keeps a copy"
RIGHT_KEY = (
    "put the master key back; if it is lost, `python -m bot rotate-keys --give-up-lost`, and moderators save keys again"
)
SAVE_AGAIN = "have a moderator of that server save it again with /lipsync-admin key add"
JUST_BEGUN = "a bot, or a command such as rotate-keys, has begun to work on the file"
STOP_LITESTREAM = "stop Litestream on this file, or use an SQLite of 3.44.6, 3.50.7 or 3.51.3 and newer"
START_BOT = "start the bot, or its worker processes"
ADD_WORKERS = "start another worker process, or one with the role media, and look into the logs of those that run"
OLDER = "nothing: the next start asks about what was open, and sends none of it again"
CHECK_PROVIDER = "check this machine's way to that address, and PROVIDER_URLS; jobs go to other providers meanwhile"
TEST_KEY = "put it right at the provider, then /lipsync-admin key test in that server"
CHECK_BUCKET = "check FILES_URL, the AWS_… settings and what the key may do; docs/scaling.md lists it"
RUN_AGAIN = "run doctor once more; if it stays like this, tell the project what it says"


def table(findings: Sequence[Finding]) -> str:
    """A line for each part, one of advice below those that need it, and the sum of it."""
    lines = []
    for found in findings:
        what = " ".join(found.what.split())
        lines.append(f"{_LEVELS[found.level]:{_WIDTHS[0]}}{found.name:{_WIDTHS[1]}}{what}")
        if found.advice:
            lines.append(f"{'':{sum(_WIDTHS)}}-> {found.advice}")
    return "\n".join([*lines, "", _sum(findings)])


def _sum(findings: Sequence[Finding]) -> str:
    counts = {level: sum(found.level is level for found in findings) for level in (Level.ILL, Level.WARNING)}
    parts = [f"{count} {'ill' if level is Level.ILL else 'to look at'}" for level, count in counts.items() if count]
    return f"{listed(parts)}." if parts else "All is well."


def looks_like(name: str, known: str) -> str:
    """A setting that doesn't exist, and the one that it looks like."""
    return f"there is no {name}, but a {known}"


def apart(seconds: float) -> str:
    """How far this machine's clock is from Discord's; positive where it is ahead."""
    if abs(seconds) < 1:
        return "this machine's clock is Discord's, within a second"
    return f"this machine's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} Discord's"


def intents(*, reads_messages: bool) -> str:
    """Which of Discord's events it is told of."""
    more = "is on, so recordings find everybody's clips" if reads_messages else "is off, which is usual"
    return f"none is privileged, so Discord grants them; Message Content {more}"


def lacks(server: int, channel: int, missing: Sequence[str] | None) -> str:
    """What the bot may not do in a channel of a server, None where it doesn't see it."""
    if missing is None:
        return f"server {server}, channel {channel}: it is gone, or hidden from the bot"
    return f"server {server}, channel {channel}: it may not {listed(list(missing))}"


def room(free: int) -> str:
    """How much of the disk is free, in bytes."""
    return f"{free / 2**30:.1f} GiB are free" if free >= 2**30 else f"{free >> 20} MiB are free"


def backed_up(count: int, hours: float) -> str:
    """How many scheduled backups there are, and the age of the newest."""
    return f"{count} are kept; the newest was made {_age(hours * 3600)}" if count else "none has been made yet"


def key_is_off(label: str, hint: str, server: int, why: str) -> str:
    """A saved key that a provider refused the last time."""
    return f"the {label} key ending ...{hint} of server {server} is switched off: {why}"


def opened(keys: int) -> str:
    """The master key opens so many provider keys, which is all of them."""
    return f"it opens every stored key ({counted(keys, 'key')})" if keys else "no provider key is stored that needs it"


def left_alone(count: int, seconds: float) -> str:
    """Jobs that no process works on, and the age of the oldest."""
    jobs = "job has" if count == 1 else "jobs have"
    return f"{count} open {jobs} no process that works on it; the oldest was asked for {_age(seconds)}"


def at_work(seconds: float) -> str:
    """When a bot wrote to its file last."""
    return f"a bot is at work on the file: it wrote {_age(seconds)}"


def _age(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
