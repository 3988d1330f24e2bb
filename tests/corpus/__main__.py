"""Every service of the corpus, judged. `calibrate` also fits the confidence to what was found."""

from __future__ import annotations

import argparse
import fnmatch
import sys
import tempfile
from pathlib import Path

from .calibrate import calibrate
from .judge import Outcome, cases, run
from .packages import Unavailable


def main() -> None:
    options = _options()
    if options.what == "calibrate" and options.kept:
        return calibrate(options.kept)
    with tempfile.TemporaryDirectory() as home:
        options.keep = options.keep or Path(home)
        outcomes = _judged(options)
        if options.what == "calibrate":
            calibrate(options.keep)
    sys.exit(not all(o.right and not o.contradictions for o in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["run", "calibrate"], default="run")
    parser.add_argument("--only", default="*", help="patterns, separated by commas")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of requests")
    parser.add_argument("--engine", default="auto", help="auto, native or portable")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="the snapshots, in that directory")
    parser.add_argument("--kept", type=Path, help="calibrate on what such a run has kept")
    return parser.parse_args()


def _judged(options: argparse.Namespace) -> list[Outcome]:
    patterns = options.only.split(",")
    wanted = [c for c in cases() if any(fnmatch.fnmatch(c.name, p) for p in patterns)]
    outcomes = []
    for case in wanted * options.times:
        try:
            outcomes.append(run(case, options.clients, options.scale, options.engine, options.keep))
        except Unavailable as why:
            print(f"{case.name:36} skipped: {why}", flush=True)
            continue
        print(outcomes[-1].line(), flush=True)
    leaks = [o for o in outcomes if o.case.leaks]
    healthy = [o for o in outcomes if not o.case.leaks]
    print(f"\nleaks named {sum(o.right for o in leaks)} of {len(leaks)}; ", end="")
    print(f"false alarms {sum(not o.right for o in healthy)} of {len(healthy)}")
    print(f"contradictions between figures: {sum(len(o.contradictions) for o in outcomes)}")
    return outcomes


if __name__ == "__main__":
    main()
