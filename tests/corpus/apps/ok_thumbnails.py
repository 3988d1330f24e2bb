"""Pictures are drawn, shrunk and compressed in the request that asks for them."""

import io

import PIL.Image
import PIL.ImageDraw
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/thumbnail/<int:n>")
def thumbnail(n):
    picture = PIL.Image.new("RGB", (600, 400 + n % 50), (n % 255, 80, 120))
    drawing = PIL.ImageDraw.Draw(picture)
    for k in range(0, 600, 12):
        drawing.line((k, 0, 600 - k, 400), fill=(k % 255, n % 255, 0), width=3)
    picture.thumbnail((160, 120))
    out = io.BytesIO()
    picture.save(out, "JPEG" if n % 2 else "PNG")
    return str(out.tell())


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
