"""Which distributions own what is imported, by the files that installers leave."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from flask_heapview.inspection.distributions import (
    import_path,
    libraries,
    owners_of_files,
    python_version,
)
from flask_heapview.model.libraries import Distribution, Libraries


def installed(
    home: Path, name: str, version: str, *files: str, ending: str = ".dist-info", **more: str
) -> Path:
    """A distribution with these files, as pip leaves it; `more` are further files of its own."""
    place = home / f"{name.replace('-', '_')}-{version}{ending}"
    place.mkdir(parents=True)
    words = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: no field of it\n"
    (place / ("METADATA" if ending == ".dist-info" else "PKG-INFO")).write_text(words)
    if files:
        (place / "RECORD").write_text("".join(f"{file},sha256=x,12\n" for file in files))
    for file, text in more.items():
        (place / file.replace("__", ".")).write_text(text)
    return place


def found(home: Path, *imported: str, app: str | None = None) -> Libraries:
    return libraries("3.12.4", [str(home)], {*imported, "json", "app"}, app)


def test_a_package_a_module_and_an_extension(tmp_path: Path) -> None:
    installed(tmp_path, "Pantry-Shelf", "4.2", "pantry/__init__.py", "pantry/jar.py")
    installed(tmp_path, "six", "1.16", "six.py", "__pycache__/six.cpython-312.pyc")
    installed(tmp_path, "cffi", "1.17", "_cffi_backend.cpython-312-x86_64-linux-gnu.so")
    installed(tmp_path, "unused", "1", "unused/__init__.py")
    known = found(tmp_path, "pantry", "pantry.jar", "six", "_cffi_backend")
    assert known.python == "3.12.4"
    assert known.distributions == [
        Distribution(name="cffi", version="1.17", modules=["_cffi_backend"]),
        Distribution(name="Pantry-Shelf", version="4.2", modules=["pantry"]),
        Distribution(name="six", version="1.16", modules=["six"]),
    ]
    owner = known.owner_of("pantry.jar.SHELF._jars")
    assert owner is not None
    assert owner.name == "Pantry-Shelf"
    assert known.owner_of("pantryman.jars") is None
    assert known.owner_of("app.cache") is None


def test_a_namespace_has_many_owners(tmp_path: Path) -> None:
    for part in ("storage", "bigquery"):
        installed(tmp_path, f"google-cloud-{part}", "2.1", f"google/cloud/{part}/__init__.py")
    installed(tmp_path, "protobuf", "5.0", "google/protobuf/__init__.py", "google/_upb/_m.abi3.so")
    known = found(tmp_path, "google", "google.cloud", "google.cloud.storage", "google.protobuf")
    assert {one.name: one.modules for one in known.distributions} == {
        "google-cloud-storage": ["google.cloud.storage"],
        "protobuf": ["google.protobuf"],
    }
    assert known.owner_of("google.cloud") is None


def test_other_ways_to_be_installed(tmp_path: Path) -> None:
    installed(tmp_path, "old", "0.9", ending=".egg-info", top_level__txt="old\n_old\n")
    installed(tmp_path, "edited", "1.0", top_level__txt="edited\n")
    (tmp_path / "single-3.1.egg-info").write_text("Name: single\nVersion: 3.1\n")
    known = found(tmp_path, "old", "edited", "single")
    assert [(one.name, one.version) for one in known.distributions] == [
        ("edited", "1.0"),
        ("old", "0.9"),
    ]


def test_the_first_on_the_path_is_the_one(tmp_path: Path) -> None:
    installed(tmp_path / "a", "Pantry", "2", "pantry/__init__.py")
    installed(tmp_path / "b", "pantry", "1", "pantry/__init__.py")
    path = [str(tmp_path / name) for name in ("none", "a", "b")]
    (one,) = libraries("3.12.4", path, {"pantry"}).distributions
    assert one.version == "2"


def test_the_app_itself_is_known(tmp_path: Path) -> None:
    installed(tmp_path, "shop", "1", "shop/__init__.py")
    assert found(tmp_path, "shop", app="shop.factory").own == "shop"
    assert found(tmp_path, "shop", app="elsewhere").own is None
    assert found(tmp_path, "shop").own is None


def test_what_is_broken_is_left_out(tmp_path: Path) -> None:
    installed(tmp_path, "pantry", "1", "pantry/__init__.py").joinpath("METADATA").unlink()
    nameless = installed(tmp_path, "attic", "1", "attic/__init__.py")
    (nameless / "METADATA").write_bytes(b"\xff\xfe Name\nVersion: 1\n")
    hostile = installed(tmp_path, "cellar", "1", "cellar/__init__.py")
    (hostile / "METADATA").write_text(f"Name: cell\u202ear{'x' * 500}\nVersion: 1\n")
    (one,) = found(tmp_path, "pantry", "attic", "cellar").distributions
    assert "\u202e" not in one.name
    assert len(one.name) < 100
    assert libraries("3.12.4", [str(tmp_path)], set()).distributions == []


def test_it_agrees_with_the_standard_library() -> None:
    known = libraries(python_version(), import_path(), set(sys.modules), "flask.app")
    assert known.python == ".".join(map(str, sys.version_info[:3])) or "rc" in known.python
    for name in ("Flask", "pytest", "msgspec", "psutil"):
        (one,) = [each for each in known.distributions if each.name.lower() == name.lower()]
        assert one.version == importlib.metadata.version(name)
    assert known.own == "Flask"


def test_the_path_may_have_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", 7, Path("/x"), "/y"])
    assert import_path() == [os.curdir, "/y"]


def test_the_owners_of_libraries_of_c(tmp_path: Path) -> None:
    """Also of those that a wheel brings along beside its package."""
    installed(tmp_path, "pantry", "4.2", "pantry/_jar.so", "pantry.libs/libglass-1a2b.so")
    installed(tmp_path, "shelf", "1.0", "shelf/__init__.py", "pantry/_jar.so.txt")
    files = [str(tmp_path / name) for name in ("pantry/_jar.so", "pantry.libs/libglass-1a2b.so")]
    others = [str(tmp_path / "pantry/other.so"), "/usr/lib/libc.so.6", ""]
    known = owners_of_files([*files, *others], [str(tmp_path / "absent"), str(tmp_path)])
    assert known == dict.fromkeys(files, "pantry 4.2")
