"""Forty files are kept open at most, the one that was used longest ago is closed."""

import collections
import tempfile
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class OpenFiles:
    def __init__(self, most):
        self.most, self.files = most, collections.OrderedDict()
        self.changing = threading.Lock()

    def append(self, name, text):
        with self.changing:
            if name not in self.files:
                self.files[name] = tempfile.TemporaryFile("w")  # noqa: SIM115
            self.files.move_to_end(name)
            self.files[name].write(text)
            if len(self.files) > self.most:
                self.files.popitem(last=False)[1].close()


open_files = OpenFiles(40)


@app.get("/append/<int:n>")
def append(n):
    open_files.append(f"log-{n // 2 % 90}", f"line {n}\n")
    return str(len(open_files.files))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
