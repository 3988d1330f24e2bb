"""What docs/deploy.md and examples/container/ say holds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from ..helpers import ROOT
from ..live_server import Uwsgi, serving
from ..workers.listing import listed
from .apps import LEAKY

DEPLOY = (ROOT / "docs/deploy.md").read_text()
CONTAINER = ROOT / "examples" / "container"


class Configured(Uwsgi):
    """uWSGI by the file of docs/deploy.md."""

    def command(self, worker_class: str, *options: str) -> list[str]:
        found = re.search(r"```ini\n(.*?)```", DEPLOY, re.DOTALL)
        assert found is not None
        file = self.home / "uwsgi.ini"
        file.write_text(found[1].replace(":8000", f":{self.port}"))
        return [str(Path(sys.executable).parent / "uwsgi"), "--ini", str(file)]


def test_uwsgi_by_the_docs(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "", kind=Configured) as server:
        assert all(worker["answers"] for worker in listed(server, 2))


def manifest() -> dict[str, Any]:
    documents = yaml.safe_load_all((CONTAINER / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


def test_the_manifest_fits_together() -> None:
    pod = manifest()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    env = {one["name"]: one for one in container["env"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    directory = Path(env["HEAPVIEW_DIR"]["value"])
    assert str(directory) not in mounts  # the volume itself would be refused
    assert str(directory.parent) in mounts
    assert set(mounts.values()) == {volume["name"] for volume in pod["volumes"]}
    secret = manifest()["Secret"]
    wanted = env["HEAPVIEW_TOKEN"]["valueFrom"]["secretKeyRef"]
    assert wanted["name"] == secret["metadata"]["name"]
    assert len(secret["stringData"][wanted["key"]]) >= 16
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["securityContext"]["runAsNonRoot"]


def test_the_dockerfile_names_what_is_there() -> None:
    text = (CONTAINER / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (\S+) ", text, re.MULTILINE)
    assert copied
    for path in copied:
        assert path.startswith("--") or (ROOT / path).exists(), path
    user = re.search(r"^USER (\d+)$", text, re.MULTILINE)
    pod = manifest()["Deployment"]["spec"]["template"]["spec"]
    assert user is not None
    assert int(user[1]) == pod["securityContext"]["runAsUser"]
    (container,) = pod["containers"]
    directory = next(e["value"] for e in container["env"] if e["name"] == "HEAPVIEW_DIR")
    assert f"HEAPVIEW_DIR={directory}" in text


def test_its_command_is_one_of_gunicorn_s() -> None:
    text = (CONTAINER / "Dockerfile").read_text()
    found = re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)
    assert found is not None
    command = yaml.safe_load(found[1])[1:]
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--check-config", *command],
        cwd=ROOT / "examples",
        env={"HEAPVIEW_TOKEN": "x" * 20},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
