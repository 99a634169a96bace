"""`python -m tests.bench [ack|files|flood|jobs|preflight]`: all benchmarks, or one."""

from __future__ import annotations

import asyncio
import sys

from tests.bench import ack, files, flood, jobs, preflight

BENCHMARKS = {
    "ack": ack.main,
    "jobs": jobs.main,
    "flood": flood.main,
    "files": files.main,
    "preflight": preflight.main,
}

if __name__ == "__main__":  # the probe's children import this file
    for name in sys.argv[1:] or BENCHMARKS:
        asyncio.run(BENCHMARKS[name]())
