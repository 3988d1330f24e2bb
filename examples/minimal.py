"""The smallest service with flask-heapview: two lines, and one leak to find.

HEAPVIEW_TOKEN=a-long-random-string flask --app examples/minimal.py run
"""

from flask import Flask, jsonify

from flask_heapview import HeapView

app = Flask(__name__)
HeapView(app)

visits: dict[int, list[int]] = {}


@app.get("/visit/<int:number>")
def visit(number: int):  # type: ignore[no-untyped-def]
    visits[number] = list(range(1000))
    return jsonify(visits=len(visits))
