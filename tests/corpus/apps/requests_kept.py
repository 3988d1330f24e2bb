"""Requests that are remembered for a page nobody opens: each with its environment."""

from flask import Flask, request

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


recent = []


@app.get("/buy/<int:n>")
def buy(n):
    recent.append(request._get_current_object())
    return str(len(recent))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
