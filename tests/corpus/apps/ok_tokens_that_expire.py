"""Tokens are good for three seconds, and a thread throws the old ones away."""

import threading
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Tokens:
    def __init__(self, seconds):
        self.seconds, self.ends = seconds, {}
        threading.Thread(target=self.sweep, daemon=True).start()

    def give(self, number):
        self.ends[f"token-{number}"] = (time.monotonic() + self.seconds, [f"right {number}"] * 5)
        return f"token-{number}"

    def sweep(self):
        while True:
            time.sleep(0.1)
            now = time.monotonic()
            for name, (end, _) in list(self.ends.items()):
                if end < now:
                    del self.ends[name]


tokens = Tokens(3)


@app.get("/login/<int:n>")
def login(n):
    return tokens.give(n)


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
