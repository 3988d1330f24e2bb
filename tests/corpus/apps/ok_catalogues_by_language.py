"""The texts of a language are read when somebody first asks for it; there are forty languages."""

import gettext
import pathlib
import struct
import tempfile

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def packed(texts):
    """The texts as msgfmt writes them."""
    pairs = [("", "Content-Type: text/plain; charset=utf-8\n"), *sorted(texts.items())]
    columns = [[text.encode() + b"\0" for text in column] for column in zip(*pairs, strict=True)]
    place, index = 28 + 16 * len(pairs), b""
    for text in columns[0] + columns[1]:
        index += struct.pack("II", len(text) - 1, place)
        place += len(text)
    head = struct.pack("7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + index + b"".join(columns[0] + columns[1])


folder = tempfile.TemporaryDirectory()
for number in range(40):
    file = pathlib.Path(folder.name, f"l{number}", "LC_MESSAGES", "shop.mo")
    file.parent.mkdir(parents=True)
    file.write_bytes(packed({f"text {k}": f"text {k} in language {number}" for k in range(150)}))


@app.get("/shop/<int:n>")
def shop(n):
    language = gettext.translation("shop", folder.name, [f"l{n // 10 % 40}"])
    return language.gettext(f"text {n % 150}")


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
