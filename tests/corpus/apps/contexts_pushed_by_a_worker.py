"""A worker thread enters a context of the app for each mail, and leaves none."""

import queue
import threading

from flask import Flask, current_app, g

app = Flask(__name__)
app.config["SENDER"] = "shop@example.com"


@app.get("/health")
def health():
    return "ok"


mails = queue.Queue()


def send(number):
    g.mail = {"to": f"customer{number}@example.com", "text": f"Thanks for order {number}. " * 40}
    return f"{current_app.config['SENDER']}: {g.mail['text']}"


def work():
    while True:
        number = mails.get()
        app.app_context().push()
        send(number)


threading.Thread(target=work, name="mails", daemon=True).start()


@app.get("/order/<int:n>")
def order(n):
    mails.put(n)
    return "ordered"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
