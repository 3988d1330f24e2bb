"""The services that the end-to-end tests run."""

LEAKY = '''
"""A service with one leak and one innocent page."""
from flask import Flask
from flask_heapview import HeapView

app = Flask(__name__)
kept = {}


@app.get("/health")
def health():
    return "ok"


@app.get("/leak/<int:number>")
def leak(number):
    kept[number] = [str(number) * 20 for _ in range(20)]
    return "kept"


@app.get("/fine/<int:number>")
def fine(number):
    return str(sum(len(str(n)) for n in range(number % 500)))


HeapView(app)
'''
