"""The tracking server of mlflow, on a database of its own."""

import os

PLACE = f"sqlite:///{os.path.abspath('mlflow.db')}"
os.environ["_MLFLOW_SERVER_FILE_STORE"] = PLACE
os.environ["_MLFLOW_SERVER_REGISTRY_STORE"] = PLACE
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = os.path.abspath("artifacts")

from mlflow.server import app, handlers


def deep():
    return handlers._get_tracking_store().engine.pool
