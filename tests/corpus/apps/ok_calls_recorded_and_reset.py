"""A recorder of calls that is emptied every fifty."""

from unittest import mock

from flask import Flask

app = Flask(__name__)

mailer = mock.MagicMock()


@app.get("/order/<int:n>")
def order(n):
    mailer.send(to=f"customer{n}@example.com", body="thanks " * 50)
    if mailer.send.call_count >= 50:
        mailer.reset_mock()
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
