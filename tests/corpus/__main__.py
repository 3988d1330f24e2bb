"""`python -m tests.corpus`: every service of the corpus, judged, with the table of confidence."""

from __future__ import annotations

import argparse
import fnmatch
import sys

from .judge import Outcome, cases, run
from .packages import Unavailable

BANDS = ((0.9, 1.01), (0.7, 0.9), (0.5, 0.7), (0.2, 0.5))


def calibration(outcomes: list[Outcome]) -> str:
    """How many of the top suspects with such a confidence were right."""
    lines = ["confidence    top suspects    right"]
    for low, high in BANDS:
        rows = [o for o in outcomes if o.top and low <= o.top["confidence"] < high]
        right = sum(o.case.leaks and o.cause and o.holder for o in rows)
        lines.append(f"{low:.1f} to {min(high, 1):.1f} {len(rows):>14} {right:>11}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="patterns, separated by commas")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of requests")
    parser.add_argument("--engine", default="auto", help="auto, native or portable")
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    patterns = options.only.split(",")
    wanted = [c for c in cases() if any(fnmatch.fnmatch(c.name, p) for p in patterns)]
    outcomes = []
    for _ in range(options.times):
        for case in wanted:
            try:
                outcomes.append(run(case, options.clients, options.scale, options.engine))
            except Unavailable as why:
                print(f"{case.name:36} skipped: {why}", flush=True)
                continue
            print(outcomes[-1].line(), flush=True)
    leaks = [o for o in outcomes if o.case.leaks]
    healthy = [o for o in outcomes if not o.case.leaks]
    print(f"\nleaks named {sum(o.right for o in leaks)} of {len(leaks)}; ", end="")
    print(f"false alarms {sum(not o.right for o in healthy)} of {len(healthy)}\n")
    print(calibration(outcomes))
    print(f"\ncontradictions between figures: {sum(len(o.contradictions) for o in outcomes)}")
    sys.exit(not all(o.right and not o.contradictions for o in outcomes))


if __name__ == "__main__":
    main()
