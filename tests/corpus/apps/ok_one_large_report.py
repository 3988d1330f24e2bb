"""One report in a thousand is very large; what is kept of the last fifty reports is small."""

import collections

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


summaries = collections.deque(maxlen=50)


@app.get("/report/<int:n>")
def report(n):
    rows, parts, amount = [], [], 0.0
    for k in range(150_000 if n % 1000 == 300 else 200):
        rows.append({"row": f"row {k} of report {n}", "amount": k * 1.5})
        amount += rows[-1]["amount"]
        if len(rows) % 150 == 0:
            parts.append(f"to row {k}: {amount}")
    summaries.append((n, parts))
    return str(len(rows))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
