"""A selector for each conversation, which is never closed."""

import selectors
import socket

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Conversation:
    def __init__(self, number):
        self.number = number
        self.selector = selectors.DefaultSelector()
        self.ours, theirs = socket.socketpair()
        self.selector.register(self.ours, selectors.EVENT_READ)
        theirs.close()


conversations = []


@app.get("/talk/<int:n>")
def talk(n):
    conversations.append(Conversation(n))
    return str(len(conversations[-1].selector.select(0)))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
