"""A bucket for the tests: moto's, on loopback, in a process of its own that ends with the one that started it."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from pydantic import SecretStr

from bot.files.bucket import Bucket, open_bucket

SECRET = "bucket-canary-secret"
NAME = "files"


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server with an empty bucket."""
    command = [sys.executable, "-m", "tests.bucket"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        address = f"http://127.0.0.1:{int(server.stdout.readline())}"
        with urlopen(Request(f"{address}/{NAME}", data=b"", method="PUT")) as made:  # noqa: S310
            assert made.status == 200
        try:
            yield address
        finally:
            server.stdin.close()


def settings_of(address: str, prefix: str) -> dict[str, Any]:
    """What the bot is set to, to keep files there."""
    return {
        "files_url": f"s3://{NAME}/{prefix}",
        "aws_access_key_id": "bucket-canary-id",
        "aws_secret_access_key": SecretStr(SECRET),
        "aws_region": "us-east-1",
        "aws_endpoint_url": address,
    }


def bucket_at(address: str, prefix: str = "", name: str = NAME) -> Bucket:
    """The bucket itself."""
    given = {
        "access_key_id": "bucket-canary-id",
        "secret_access_key": SECRET,
        "region": "us-east-1",
        "endpoint": address,
    }
    return open_bucket(name, prefix, given)


def main() -> None:
    """Serve until the standard input ends, as it does with whoever started this."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - takes a second
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
