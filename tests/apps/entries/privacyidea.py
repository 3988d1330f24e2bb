"""privacyIDEA, set up by its own commands before it is served."""

import os
import subprocess
import sys

PLACE = os.getcwd()
os.environ["PRIVACYIDEA_CONFIGFILE"] = f"{PLACE}/pi.cfg"
with open("pi.cfg", "w") as settings:
    settings.write(
        f"""
SQLALCHEMY_DATABASE_URI = "sqlite:///{PLACE}/pi.db"
SECRET_KEY = "a key of thirty-two characters, or more"
PI_PEPPER = "a grain of pepper"
PI_ENCFILE = "{PLACE}/enckey"
PI_AUDIT_KEY_PRIVATE = "{PLACE}/private.pem"
PI_AUDIT_KEY_PUBLIC = "{PLACE}/public.pem"
PI_AUDIT_NO_SIGN = True
PI_NO_RESPONSE_SIGN = True
PI_LOGFILE = "{PLACE}/pi.log"
PI_UUID_FILE = "{PLACE}/uuid"
PI_ENABLE_CSP = True
PI_FORCE_HTTPS = False
SUPERUSER_REALM = ["super"]
"""
    )
for words in (
    ("setup", "create_enckey"),
    ("setup", "create_audit_keys"),
    ("setup", "create_tables"),
    ("admin", "add", "--password", "a long secret", "root"),
):
    manage = os.path.join(os.path.dirname(sys.executable), "pi-manage")
    subprocess.run([manage, *words], check=True)

from privacyidea.app import create_app
from privacyidea.models import db

app = create_app(config_name="production", config_file=f"{PLACE}/pi.cfg", silent=True)


def deep():
    with app.app_context():
        return db.engine.dialect.identifier_preparer
