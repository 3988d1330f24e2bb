"""Exports are written into memory, packed, and sent away."""

import gzip
import io
import zipfile

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/export/<int:n>")
def export(n):
    lines = "".join(f"{k};{k * n};row {k}\n" for k in range(4000 + n % 7 * 2000))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", lines)
        archive.writestr("rows.csv.gz", gzip.compress(lines.encode(), 1))
    return str(packed.tell())


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
