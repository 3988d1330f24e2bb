"""Calibre-Web behind gunicorn: its main() up to where it would start a server of its own."""

import contextlib
import os
import sys

sys.argv = ["cps", "-p", os.path.abspath("settings.db"), "-o", os.path.abspath("cps.log")]
import calibreweb  # it makes the package cps importable
import sqlalchemy
from cps import app, db, main, ub, web_server

os.mkdir("library")
library = sqlalchemy.create_engine(
    "sqlite:///library/metadata.db",
    execution_options={"schema_translate_map": {"calibre": None}},
)
db.Base.metadata.create_all(library)
with library.begin() as connection:
    connection.execute(sqlalchemy.insert(db.Library_Id).values(id=1, uuid="the-library"))
    connection.execute(
        sqlalchemy.insert(db.Books),
        [{"title": f"Book {n}", "author_sort": "Anon", "path": f"{n}"} for n in range(40)],
    )

web_server.start = lambda: True
with contextlib.suppress(SystemExit):  # so it ends when its server has ended
    main.main()


def deep():
    return ub.session.get_bind().pool
