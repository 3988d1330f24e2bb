"""To do something once its request is over, a view listens to all requests from then on."""

from flask import Flask, request_finished

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/book/<int:n>")
def book(n):
    seats = [f"seat {k} of booking {n}" for k in range(12)]

    def release(sender, response):
        if response.status_code >= 500:
            seats.clear()

    request_finished.connect(release, app, weak=False)
    return ", ".join(seats)


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
