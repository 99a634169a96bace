"""`python -m tests.bench [ack|jobs]`: all benchmarks, or one."""

from __future__ import annotations

import asyncio
import sys

from tests.bench import ack, jobs

BENCHMARKS = {"ack": ack.main, "jobs": jobs.main}

for name in sys.argv[1:] or BENCHMARKS:
    asyncio.run(BENCHMARKS[name]())
