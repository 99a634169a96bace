"""Benchmarks: each against a baseline in the same run, printed as ratios.

`make bench` measures; the tests only run each of them once, at a size at which its figures mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

Figures = Mapping[str, Mapping[str, float]]  # by side, the baseline's among them, then by name
