"""A statistical profiler runs during each report."""

import pyinstrument
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/report/<int:n>")
def report(n):
    with pyinstrument.Profiler(interval=0.001) as profiler:
        words = sorted(str(k * n) for k in range(3_000))
    return f"{len(words)} words in {profiler.last_session.duration} s"


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
