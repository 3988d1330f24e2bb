"""Messages of Protocol Buffers are filled, packed and read again."""

import google.protobuf.struct_pb2
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/pack/<int:n>")
def pack(n):
    message = google.protobuf.struct_pb2.Struct()
    for k in range(150):
        message.fields[f"measure {k}"].number_value = n * k
        message.fields[f"note {k}"].string_value = "x" * (n % 40)
    again = google.protobuf.struct_pb2.Struct.FromString(message.SerializeToString())
    return str(len(again.fields))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
