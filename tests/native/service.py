"""The service: ten endpoints that leak in C or C++, four that keep objects, one that is well."""

from __future__ import annotations

from typing import NamedTuple


class Leak(NamedTuple):
    """A native leak, and how it is told."""

    endpoint: str
    size: int  # bytes that a request leaves
    library: str  # its file
    function: str  # which takes the memory
    line: str  # of the service, that leads to it


LEAKS = (
    Leak(
        "invoice",
        1_000_000,
        "libinvoices.so",
        "render_invoice",
        "invoices.render_invoice(1_000_000)",
    ),
    Leak("visit", 100, "libcounters.so", "count_visit", "counters.count_visit(100)"),
    Leak("label", 1_000, "liblabels.so", "print_label", "labels.print_label(1_000)"),
    Leak("scan", 20_000, "libscans.so", "scan_page", "scans.scan_page(20_000)"),
    Leak("tiles", 262_144, "libmaps.so", "map_tiles", "maps.map_tiles(262_144)"),
    Leak("page", 10_000, "libarchive_pages.so", "archive::store", "archive.archive_page(10_000)"),
    Leak("seal", 5_000, "_seals", "seal", "_seals.lib.seal(5_000)"),
    Leak("chart", 50_000, "charts.so", "draw_points", "charts.draw_chart(50_000)"),
    Leak("picture", 300, "pictures.so", "shrink", "pictures.shrink(300)"),
    Leak("filter", 100_000, "filters.so", "soften", "filters.soften(100_000)"),
)
KEPT_OBJECTS = ("basket", "search", "upload", "listener")
SERVICE = """
import ctypes
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import _seals
import charts
import filters
import pictures
from flask import Flask
from flask_heapview import HeapView

app = Flask(__name__)


def library(name, function, loader=ctypes.CDLL):
    found = loader(os.path.join(os.path.dirname(os.path.abspath(__file__)), name))
    getattr(found, function).argtypes = [ctypes.c_size_t]
    getattr(found, function).restype = ctypes.c_void_p
    return found


invoices = library("libinvoices.so", "render_invoice")
counters = library("libcounters.so", "count_visit", ctypes.PyDLL)  # with the lock
labels = library("liblabels.so", "print_label")
scans = library("libscans.so", "scan_page", ctypes.PyDLL)
maps = library("libmaps.so", "map_tiles")
archive = library("libarchive_pages.so", "archive_page")
BASKETS, SEARCHES, UPLOADS, LISTENERS = {}, [], [], []


@app.get("/health")
def health():
    return "ok"


@app.get("/sum/<int:n>")
def total(n):
    return str(sum(range(n % 1000)))


@app.get("/basket/<int:n>")
def basket(n):
    BASKETS[n] = {"n": n, "rows": [n] * 50}
    return "kept"


@app.get("/search/<int:n>")
def search(n):
    SEARCHES.append("x" * 1500 + str(n))
    return "kept"


@app.get("/upload/<int:n>")
def upload(n):
    UPLOADS.append(bytearray(20_000))
    return "kept"


@app.get("/listener/<int:n>")
def listener(n):
    LISTENERS.append(lambda: n)
    return "kept"

"""
VIEW = """
@app.get("/{leak.endpoint}/<int:n>", endpoint="{leak.endpoint}")
def serve_{leak.endpoint}(n):
    {leak.line}
    return "done"

"""


def source() -> str:
    """The whole module."""
    return SERVICE + "".join(VIEW.format(leak=leak) for leak in LEAKS) + "\nHeapView(app)\n"
