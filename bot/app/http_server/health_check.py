"""Ask the bot in this container how it is. The image's HEALTHCHECK runs this file twice a minute, with `python -I -S`,
so it imports next to nothing.
"""

import os
import socket
import sys

MOST_SECONDS = 4.0


def ask(host: str, port: int) -> tuple[bool, str]:
    """Whether the bot is well, and what it says: a line for each thing that is wrong. `OSError` without an answer."""
    with socket.create_connection((host, port), MOST_SECONDS) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        with connection.makefile(encoding="utf-8", newline="") as answer:
            head, _, said = answer.read().partition("\r\n\r\n")
    return head.partition(" ")[2].startswith("200"), said.strip()


def main() -> int:
    """Print what the bot says, for `docker inspect`; 0 when it is well, 1 when it isn't or can't be asked."""
    host, port = (os.environ.get(name) for name in ("HTTP_HOST", "HTTP_PORT"))
    if not port:
        sys.stdout.write("HTTP_PORT is empty, so there is no /healthz to ask\n")
        return 1
    try:
        well, said = ask(host or "127.0.0.1", int(port))
    except OSError as error:
        well, said = False, f"/healthz doesn't answer: {error}"
    sys.stdout.write(f"{said}\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
