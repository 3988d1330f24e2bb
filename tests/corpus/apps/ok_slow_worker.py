"""A queue whose worker is a little slow, and catches up."""

import queue
import threading
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


mails = queue.Queue()


def send():
    while True:
        mails.get()
        time.sleep(0.0005)


threading.Thread(target=send, daemon=True).start()


@app.get("/mail/<int:n>")
def mail(n):
    mails.put("dear customer " * 100 + str(n))
    return "on its way"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
