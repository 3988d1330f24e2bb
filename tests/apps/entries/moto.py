"""moto's server of S3: each of its addresses can be a bucket's."""

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends

app = create_backend_app("s3")


def deep():
    return s3_backends["123456789012"]["aws"].tagger
