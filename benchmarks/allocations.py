"""What knowing who allocates costs a service: off, sampled and exact, in turns in one process.

The figures are of processor time: the lower quartile of the rounds, since whatever else the machine
does only adds to it, and the median beside it.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from typing import Any

from flask import Flask, jsonify, render_template_string
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from flask_heapview import HeapView
from flask_heapview.allocations import reader, tracing
from flask_heapview.core.loader import core

MODES: dict[str, tuple[str, int | None]] = {
    "off": ("off", None),
    "sampled": ("sampled", None),
    "exact(1)": ("exact", 1),
    "exact(10)": ("exact", 10),
}
PAGE = """<!doctype html><title>{{ title }}</title><ul>
{% for item in items %}<li class="{{ loop.cycle('odd', 'even') }}">
{{ item.name }}: {{ "%.2f"|format(item.price) }}
{% if item.stock < 5 %}<b>few left</b>{% endif %}</li>{% endfor %}</ul>"""


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    price: Mapped[float]
    stock: Mapped[int]


def shop(mounted: bool = True) -> Flask:
    """A service as they are: a database, a template, JSON; and a view that does but allocate."""
    app = Flask("bench")
    engine = create_engine(
        "sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Item(name=f"thing {n}", price=n * 1.5, stock=n % 17) for n in range(2000))
        session.commit()

    def some(number: int) -> list[Item]:
        with Session(engine) as session:
            wanted = select(Item).where(Item.id > number % 1900).order_by(Item.id).limit(25)
            return list(session.scalars(wanted))

    @app.get("/page/<int:number>")
    def page(number: int) -> str:
        return render_template_string(PAGE, title="Shop", items=some(number))

    @app.get("/json/<int:number>")
    def as_json(number: int) -> Any:
        return jsonify([{"id": i.id, "name": i.name, "price": i.price} for i in some(number)])

    @app.get("/heavy/<int:number>")
    def heavy(number: int) -> str:
        rows = [
            {"id": n, "name": f"row {n + number}", "tags": [str(n), "x" * 20]} for n in range(400)
        ]
        return str(len(rows))

    if mounted:
        HeapView(app, token="a-token-for-the-benchmark", dir=tempfile.mkdtemp(), allocations="off")
    return app


def serve(app: Flask, paths: list[str], first: int, count: int) -> float:
    """Seconds of processor time that so many requests take."""
    client = app.test_client()
    begin = time.process_time()
    for number in range(first, first + count):
        client.get(paths[number % len(paths)].format(number))
    return time.process_time() - begin


def turns(app: Flask, paths: list[str], count: int, times: int) -> dict[str, list[float]]:
    """Seconds a request in each mode, the modes taking turns."""
    taken: dict[str, list[float]] = {mode: [] for mode in MODES}
    for number in range(times):
        for mode in list(MODES) if number % 2 else reversed(MODES):
            few = mode.startswith("exact")
            if few and number >= times // 3:
                continue
            share = max(10, count // 10) if few else count
            tracing.switch(*MODES[mode])
            serve(app, paths, 0, share // 3)
            gc.collect()
            taken[mode].append(serve(app, paths, 0, share) / share)
    tracing.switch("off")
    return taken


def table(name: str, taken: dict[str, list[float]]) -> None:
    print(f"\n{name:<26}{'a request':>14}{'against off':>14}{'median':>9}")
    for mode, seconds in taken.items():
        low, middle, _ = statistics.quantiles(seconds, n=4)
        low_off, middle_off, _ = statistics.quantiles(taken["off"], n=4)
        print(f"{mode:<26}{low * 1e6:>11.0f} µs{low / low_off:>13.3f}x{middle / middle_off:>8.3f}x")


def own_memory(gigabytes: float) -> None:
    """The sampler's own memory, and its estimate, at a large heap."""
    assert core is not None
    tracing.switch("sampled")
    kept: list[object] = []
    true = 0
    while true < gigabytes * 1e9:
        block: object = [bytes(100), bytes(1000), {"n": bytes(5000)}, bytes(60_000)]
        kept.append(block)
        true += 66_300 + 800
    found = reader.read_sampled()
    state = core.sampling()
    assert state is not None
    rate, live, memory = state.sample_bytes, state.live, state.memory_bytes
    print(
        f"\n{true / 1e9:.1f} GB alive: the sampler takes {memory / 1e6:.1f} MB, holds {live} "
        f"samples, one in {rate / 1000:.0f} kB, and estimates {found.traced / 1e9:.2f} GB"
    )
    tracing.switch("off")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--scale", type=int, default=1, help="times the requests of a round")
    parser.add_argument(
        "--gigabytes", type=float, default=2.0, help="of the large heap; 0 for none"
    )
    options = parser.parse_args()
    reason = tracing.why_not_sampled()
    if reason is not None:
        raise SystemExit(reason)
    app = shop()
    kinds: list[tuple[str, list[str], int]] = [
        ("realistic service", ["/page/{}", "/json/{}"], 300),
        ("does little but allocate", ["/heavy/{}"], 1500),
    ]
    for name, paths, count in kinds:
        table(name, turns(app, paths, count * options.scale, options.rounds))
    if options.gigabytes:
        own_memory(options.gigabytes)


if __name__ == "__main__":
    main()
