"""A stand-in for the mailer stayed in production; it remembers each call."""

from unittest import mock

from flask import Flask

app = Flask(__name__)

mailer = mock.MagicMock()


@app.get("/order/<int:n>")
def order(n):
    mailer.send(to=f"customer{n}@example.com", body="thanks " * 50)
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
