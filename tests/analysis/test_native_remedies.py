"""The remedy of a native leak names the library's own call, where one is known."""

from __future__ import annotations

import pytest

from flask_heapview.analysis.native_remedies import RULES, native_rule
from flask_heapview.model.native import NativeSite

BY_CTYPES = ["render (invoices.so)", "ffi_call (libffi.so.8)"]


@pytest.mark.parametrize(
    ("library", "distribution", "calls", "rule"),
    [
        ("etree.cpython-311-x86_64-linux-gnu.so", "lxml 5.3.0", [], "native-lxml"),
        ("libxml2.so.2", "", [], "native-lxml"),
        ("libsqlite3.so.0", "", [], "native-sqlite"),
        ("_imaging.cpython-313-aarch64-linux-gnu.so", "Pillow 12.0.0", [], "native-pillow"),
        ("libpq-0815.so.5", "psycopg2-binary 2.9", [], "native-postgres"),
        ("libarrow.so.2100", "pyarrow 21.0", [], "native-arrow"),
        ("invoices.so", "", BY_CTYPES, "native-own"),
        ("libtimer.so", "", [], "native"),
        ("_speedups.so", "charming 1.0", BY_CTYPES, "native"),
        ("mysqlite_clone.so", "", [], "native"),
    ],
)
def test_the_library_decides(library: str, distribution: str, calls: list[str], rule: str) -> None:
    site = NativeSite(library=library, distribution=distribution, calls=calls)
    assert native_rule(site) == rule


def test_each_rule_is_there_once() -> None:
    assert len({rule for rule, _ in RULES}) == len(RULES)
