"""Benchmarks: each module with `run(results, quick=…)` measures one thing and says it in a table.

`python -m bench` runs them all and keeps the figures in `bench/results/*.json`.
"""
