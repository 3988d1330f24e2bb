"""ihatemoney, with its settings beside it."""

import os

os.environ["IHATEMONEY_SETTINGS_FILE_PATH"] = os.path.abspath("settings.cfg")
with open("settings.cfg", "w") as settings:
    settings.write(
        f'SQLALCHEMY_DATABASE_URI = "sqlite:///{os.path.abspath("bills.db")}"\n'
        'SECRET_KEY = "one that is not the default"\n'
        "SESSION_COOKIE_SECURE = False\n"
    )

from ihatemoney.models import db
from ihatemoney.run import create_app

app = create_app()


def deep():
    return db.engine.pool
