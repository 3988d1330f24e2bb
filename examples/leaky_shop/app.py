"""The leaky shop: one endpoint for each of five causes, and its repaired twin under /fixed.

unclosed resource     GET  /catalogue/<id>     a file is opened and kept
large data in scope   POST /basket/<id>        every basket ever seen stays in a global
circular reference    POST /order/<id>         orders and their lines, and no collector
C library             GET  /invoice/<id>       a library that keeps what it renders
cache without limit   GET  /price/<id>         a dict where an LRU cache belongs
"""

from __future__ import annotations

import gc
import tempfile
import weakref
from collections import deque
from pathlib import Path
from typing import Any

from cachetools import LRUCache
from flask import Flask, Response, jsonify

from . import invoices

app = Flask(__name__)

CATALOGUE = Path(tempfile.mkdtemp(prefix="leaky-shop-")) / "catalogue.txt"
CATALOGUE.write_text("".join(f"{n}: a fine thing\n" for n in range(500)))


@app.get("/")
def index() -> Response:
    """What there is."""
    return jsonify(pages=sorted(str(rule) for rule in app.url_map.iter_rules()))


# --- an unclosed resource

open_catalogues: list[Any] = []


@app.get("/catalogue/<int:item>")
def catalogue(item: int) -> Response:
    file = CATALOGUE.open()
    open_catalogues.append(file)  # "we may need it again"
    return jsonify(line=file.readline().strip(), item=item)


@app.get("/fixed/catalogue/<int:item>")
def fixed_catalogue(item: int) -> Response:
    with CATALOGUE.open() as file:
        return jsonify(line=file.readline().strip(), item=item)


# --- large data in global scope

baskets: dict[int, list[dict[str, Any]]] = {}
recent_baskets: deque[list[dict[str, Any]]] = deque(maxlen=50)


def make_basket(customer: int) -> list[dict[str, Any]]:
    return [{"customer": customer, "item": n, "note": "gift " * 40} for n in range(30)]


@app.post("/basket/<int:customer>")
def basket(customer: int) -> Response:
    baskets[customer] = make_basket(customer)
    return jsonify(items=len(baskets[customer]))


@app.post("/fixed/basket/<int:customer>")
def fixed_basket(customer: int) -> Response:
    recent_baskets.append(make_basket(customer))
    return jsonify(items=len(recent_baskets[-1]))


# --- circular references


class Order:
    def __init__(self, number: int) -> None:
        self.number = number
        self.items: list[Line | FixedLine] = []
        self.document = bytearray(20_000)


class Line:
    def __init__(self, order: Order) -> None:
        self.order = order  # and the order knows its lines: a circle


class FixedLine:
    def __init__(self, order: Order) -> None:
        self._order = weakref.ref(order)


@app.post("/order/<int:number>")
def order(number: int) -> Response:
    gc.disable()  # "orders are faster without it", says a blog post
    made = Order(number)
    made.items = [Line(made) for _ in range(5)]
    return jsonify(lines=len(made.items))


@app.post("/fixed/order/<int:number>")
def fixed_order(number: int) -> Response:
    made = Order(number)
    made.items = [FixedLine(made) for _ in range(5)]
    return jsonify(lines=len(made.items))


# --- a C library that keeps what it renders


@app.get("/invoice/<int:customer>")
def invoice(customer: int) -> Response:
    return jsonify(bytes=invoices.render(f"customer {customer}"))


@app.get("/fixed/invoice/<int:customer>")
def fixed_invoice(customer: int) -> Response:
    size = invoices.render(f"customer {customer}")
    invoices.clear()
    return jsonify(bytes=size)


# --- a cache without a limit

prices: dict[int, str] = {}
bounded_prices: LRUCache[int, str] = LRUCache(maxsize=200)


def work_out(item: int) -> str:
    return f"{item} costs {item % 97}.99. " * 50


@app.get("/price/<int:item>")
def price(item: int) -> str:
    if item not in prices:
        prices[item] = work_out(item)
    return prices[item]


@app.get("/fixed/price/<int:item>")
def fixed_price(item: int) -> str:
    if item not in bounded_prices:
        bounded_prices[item] = work_out(item)
    return bounded_prices[item]
