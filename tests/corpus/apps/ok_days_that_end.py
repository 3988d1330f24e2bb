"""Counters by day and user: a day's counters go when the third day begins."""

from collections import Counter, defaultdict

from flask import Flask

app = Flask(__name__)

days = defaultdict(Counter)


@app.get("/visit/<int:n>")
def visit(n):
    day = n // 60
    days[day][f"user-{n}"] += 1
    for old in [known for known in days if known < day - 1]:
        del days[old]
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
