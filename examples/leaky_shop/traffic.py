"""Sends the shop some customers.

python -m examples.leaky_shop.traffic --only price --requests 500
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import sys
import time
from urllib.parse import urlsplit

from tqdm import tqdm

PAGES = {
    "catalogue": "GET",
    "basket": "POST",
    "order": "POST",
    "invoice": "GET",
    "price": "GET",
}
REQUESTS_PER_CONNECTION = 10  # a connection stays with one worker: all of them shall get some


def send(url: str, pages: list[str], requests: int, fixed: bool, start: int, pause: float) -> int:
    """Sends the requests, the pages taking turns; returns how many failed."""
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=30)
    failed = 0
    turns = itertools.cycle(pages)
    quiet = not sys.stderr.isatty()
    for number in tqdm(range(start, start + requests), unit="req", disable=quiet, leave=False):
        page = next(turns)
        path = f"{'/fixed' if fixed else ''}/{page}/{number}"
        link.request(PAGES[page], path)
        answer = link.getresponse()
        answer.read()
        failed += answer.status >= 400
        if number % REQUESTS_PER_CONNECTION == 0:
            link.close()  # the next request opens it anew
        time.sleep(pause)
    link.close()
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description="Traffic for the leaky shop.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the shop is")
    parser.add_argument("--only", help=f"pages, with commas between: {', '.join(PAGES)}")
    parser.add_argument("--requests", type=int, default=500, help="how many (default 500)")
    parser.add_argument("--fixed", action="store_true", help="the repaired twins instead")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two requests")
    parser.add_argument("--start", type=int, default=int(time.time() * 1000), help="first number")
    options = parser.parse_args()
    pages = options.only.split(",") if options.only else list(PAGES)
    unknown = set(pages) - set(PAGES)
    if unknown:
        parser.error(f"no such page: {', '.join(sorted(unknown))}")
    failed = send(options.url, pages, options.requests, options.fixed, options.start, options.pause)
    print(f"{options.requests} requests sent to {', '.join(pages)}, {failed} failed")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
