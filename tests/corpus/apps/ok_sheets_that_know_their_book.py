"""Books and their sheets refer to each other: large garbage, and the collector takes it."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Sheet:
    def __init__(self, book, number):
        self.book, self.cells = book, bytearray(b"x" * (40_000 + number * 5_000))


class Book:
    def __init__(self, number):
        self.title = f"book {number}"
        self.sheets = [Sheet(self, k) for k in range(4)]


@app.get("/book/<int:n>")
def book(n):
    made = Book(n)
    return f"{made.title}: {sum(len(sheet.cells) for sheet in made.sheets)}"


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
