"""A thread for each ticket waits for an answer that never comes."""

import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Ticket:
    def __init__(self, number):
        self.number, self.answered = number, threading.Event()

    def escalate(self):
        self.answered.wait()


@app.get("/ticket/<int:n>")
def ticket(n):
    threading.Thread(target=Ticket(n).escalate, daemon=True).start()
    return "we will see"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
