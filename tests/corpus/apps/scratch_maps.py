"""Scratch memory is mapped for each job, and the maps are kept to be closed later."""

import mmap

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Scratch:
    maps = []

    @classmethod
    def for_job(cls, number):
        made = mmap.mmap(-1, 128 * 1024)
        made.write(str(number).encode() * 20_000)
        cls.maps.append(made)
        return made


@app.get("/job/<int:n>")
def job(n):
    return str(len(Scratch.for_job(n)))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
