"""`python -m bench [--quick] [--only NAME]`: runs the benchmarks and prints their tables."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path

import bench

RESULTS = Path(__file__).parent / "results"


def benchmarks() -> dict[str, str]:
    """Names of the modules beside this one that have a `run`, with their first line."""
    found = {}
    for entry in pkgutil.iter_modules(bench.__path__):
        if entry.name != "__main__":
            module = importlib.import_module(f"bench.{entry.name}")
            if hasattr(module, "run"):
                found[entry.name] = (module.__doc__ or "").split("\n")[0]
    return found


def main(argv: list[str] | None = None) -> int:
    names = benchmarks()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures this machine.",
        epilog="; ".join(f"{name}: {line}" for name, line in names.items()),
    )
    parser.add_argument("--only", choices=sorted(names), action="append", help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="short runs: shows that they work")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON files")
    arguments = parser.parse_args(argv)
    for name in arguments.only or sorted(names):
        print(f"\n## {name}\n\n{names[name]}\n", flush=True)
        run = importlib.import_module(f"bench.{name}").run
        print(run(arguments.results, quick=arguments.quick), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
