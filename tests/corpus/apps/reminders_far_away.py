"""A scheduler is given reminders for next year, and nobody cancels them."""

import sched
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


reminders = sched.scheduler(time.monotonic, time.sleep)


def remind(number, text):
    return f"{number}: {text}"


@app.get("/remind/<int:n>")
def later(n):
    reminders.enter(365 * 86_400, 1, remind, (n, f"renew contract {n} " * 3))
    return "noted"


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
