"""Each customer's kind of event is added to one pool of descriptors, which gives none up."""

import google.protobuf.descriptor_pb2
import google.protobuf.descriptor_pool
import google.protobuf.message_factory
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


pool = google.protobuf.descriptor_pool.DescriptorPool()


def event_of(customer):
    file = google.protobuf.descriptor_pb2.FileDescriptorProto(
        name=f"customer{customer}.proto", package=f"customer{customer}", syntax="proto3"
    )
    message = file.message_type.add(name="Event")
    for k in range(1, 61):
        message.field.add(name=f"measure_{k}", number=k, type=1, label=1)
    pool.AddSerializedFile(file.SerializeToString())
    found = pool.FindMessageTypeByName(f"customer{customer}.Event")
    return google.protobuf.message_factory.GetMessageClass(found)


@app.get("/event/<int:n>")
def event(n):
    made = event_of(n)(measure_1=n, measure_2=n / 2)
    return str(made.ByteSize())


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
