"""A library that leaks by itself, installed beside an app that only calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..helpers import ROOT
from .test_checker import flask

PANTRY = """
_jars = {}


def price(number):
    _jars[number] = [str(number)] * 40  # the library's own idea of a cache
    return str(len(_jars))


def store(jar, number):
    _jars[number] = jar
"""
SHOP = """
from flask import Flask

import pantry.shelf

app = Flask(__name__)


@app.get("/price/<int:number>")
def price(number):
    return pantry.shelf.price(number)


@app.get("/store/<int:number>")
def store(number):
    pantry.shelf.store([str(number)] * 40, number)
    return "stored"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    place = tmp_path / "site-packages"
    (place / "pantry").mkdir(parents=True)
    (place / "pantry" / "__init__.py").touch()
    (place / "pantry" / "shelf.py").write_text(PANTRY)
    known = place / "pantry_shelf-4.2.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: pantry-shelf\nVersion: 4.2\n")
    (known / "RECORD").write_text("pantry/__init__.py,,\npantry/shelf.py,,\n")
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


@pytest.mark.parametrize(("route", "whose"), [("price", "the library's"), ("store", "the app's")])
def test_who_made_what_the_library_holds_is_at_fault(shop: Path, route: str, whose: str) -> None:
    path = f"{ROOT}:{shop / 'site-packages'}"
    done = flask(shop, f"/{route}/{{n}}", "--requests", "300", "--json", PYTHONPATH=path)
    assert done.returncode == 1, done.stdout + done.stderr
    (suspect,) = json.loads(done.stdout)["suspects"]
    assert suspect["holder"]["path"] == "pantry.shelf._jars"
    facts = [fact for fact in suspect["evidence_facts"] if fact["kind"] == "library-at-fault"]
    if whose == "the library's":
        assert [(one["library"], one["version"]) for one in facts] == [("pantry-shelf", "4.2")]
        assert suspect["remedy"].startswith("Upgrade pantry-shelf 4.2.")
    else:
        assert facts == []
        assert "pantry-shelf" not in suspect["remedy"]
