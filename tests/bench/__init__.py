"""Benchmarks: each against a baseline in the same run, printed as ratios. They are no tests; `make bench` runs them."""
