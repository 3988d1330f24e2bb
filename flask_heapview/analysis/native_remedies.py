"""Which remedy fits native memory, by the library that took it."""

from __future__ import annotations

import re

from ..model.native import NativeSite
from .native_callers import is_foreign

# by the file of a library, or the distribution that installed it; the first that fits
RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (rule, re.compile(pattern, re.IGNORECASE))
    for rule, pattern in (
        ("native-lxml", r"^(lxml|libxml2|libxslt)\b"),
        ("native-sqlite", r"^(_sqlite3|libsqlite3|apsw|pysqlite3)\b"),
        ("native-pillow", r"^(pillow|_imaging)\b"),
        ("native-opencv", r"^(opencv|cv2|libopencv)"),
        ("native-curl", r"^(pycurl|libcurl)\b"),
        ("native-tls", r"^(_ssl|libssl|libcrypto|pyopenssl)\b"),
        ("native-postgres", r"^(psycopg|_psycopg|libpq)"),
        ("native-mysql", r"^(mysqlclient|_mysql|libmysqlclient|libmariadb|mariadb)\b"),
        ("native-odbc", r"^(pyodbc|libodbc|libmsodbcsql)"),
        ("native-duckdb", r"^_?duckdb\b"),
        ("native-arrow", r"^(pyarrow|libarrow)"),
        ("native-hdf5", r"^(h5py|libhdf5|tables|netCDF4|libnetcdf)\b"),
        ("native-grpc", r"^(grpcio|cygrpc)\b"),
        ("native-mupdf", r"^(pymupdf|_mupdf|_fitz|libmupdf)\b"),
        ("native-pdfium", r"^(pypdfium2|libpdfium)\b"),
        ("native-matplotlib", r"^(matplotlib|_backend_agg|ft2font|libfreetype)\b"),
        ("native-gdal", r"^(gdal|rasterio|fiona|pyogrio|libgdal)\b"),
        ("native-kafka", r"^(confluent.kafka|librdkafka)"),
        ("native-cairo", r"^(pycairo|cairocffi|libcairo)\b"),
        ("native-vips", r"^(pyvips|libvips)\b"),
        ("native-magick", r"^(wand|libmagick)"),
        ("native-zmq", r"^(pyzmq|libzmq)\b"),
        ("native-onnx", r"^onnxruntime"),
        ("native-torch", r"^(torch|libtorch)"),
        ("native-protobuf", r"^(protobuf|_upb|_message)\b"),
        ("native-compression", r"^(zlib|libz|_bz2|_lzma|_zstd|zstandard|brotli|_brotli|libzstd)\b"),
        ("native-numpy", r"^(numpy|_multiarray_umath)\b"),
    )
)
OWN_LIBRARY = "native-own"  # of no distribution, called as a function of C


def native_rule(caller: NativeSite) -> str:
    """A rule of render/sentences/remedies.py."""
    for rule, pattern in RULES:
        if pattern.search(caller.library) or pattern.search(caller.distribution):
            return rule
    by_hand = not caller.distribution and any(map(is_foreign, caller.calls))
    return OWN_LIBRARY if by_hand else "native"  # ctypes and cffi know nothing of what it returns
