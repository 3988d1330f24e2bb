"""A metaclass that gives one instance for each set of arguments."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class OnePerName(type):
    instances = {}

    def __call__(cls, *arguments):
        key = (cls, *arguments)
        if key not in OnePerName.instances:
            OnePerName.instances[key] = super().__call__(*arguments)
        return OnePerName.instances[key]


class Channel(metaclass=OnePerName):
    def __init__(self, name):
        self.name, self.messages = name, []


@app.get("/channel/<int:n>")
def channel(n):
    return Channel(f"channel-{n}").name


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
