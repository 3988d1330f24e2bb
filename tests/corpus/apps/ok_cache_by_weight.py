"""Previews of pictures are cached up to four million bytes, however many they are."""

import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Previews:
    def __init__(self, most):
        self.most, self.weight, self.found = most, 0, {}
        self.changing = threading.Lock()

    def put(self, key, preview):
        with self.changing:
            self.weight += len(preview) - len(self.found.pop(key, b""))
            self.found[key] = preview
            while self.weight > self.most:
                self.weight -= len(self.found.pop(next(iter(self.found))))


previews = Previews(4_000_000)


@app.get("/preview/<int:n>")
def preview(n):
    made = bytes([n % 256]) * (2_000 + n * 7919 % 60_000)
    previews.put(f"picture-{n}", made)
    return str(len(made))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
