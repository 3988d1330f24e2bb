"""A hand-made memo decorator whose dictionary only the wrapper knows."""

import functools

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def memoised(function):
    answers = {}

    @functools.wraps(function)
    def wrapper(number):
        if number not in answers:
            answers[number] = function(number)
        return answers[number]

    return wrapper


@memoised
def report_of(number):
    return [f"line {number} {k}" for k in range(30)]


@app.get("/report/<int:n>")
def report(n):
    return str(len(report_of(n)))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
