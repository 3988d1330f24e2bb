"""The settings: how they are read, and that README's table tells them as they are."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from flask_heapview.config import CHOICES, HeapViewConfig, host_name
from flask_heapview.errors import ConfigError
from flask_heapview.request_names import READY

from .helpers import ROOT

FIELDS = {item.name: item for item in dataclasses.fields(HeapViewConfig)}
ROW = re.compile(r"^\| `HEAPVIEW_([A-Z_]+)` \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = {
    name.lower(): (meaning, default)
    for name, meaning, default in ROW.findall((ROOT / "README.md").read_text())
}
# where a default is not a value, but what happens without one
WITHOUT = {
    "token": "none: registering fails. In debug mode a random token is made and logged.",
    "auth": "none",
    "dir": "one per app and user below the system's temp dir",
    "hosts": "any",
    "request_name": "none",
}


async def asynchronous(_: object) -> str:
    return "never awaited"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"HEAPVIEW_ENABLED": "perhaps"}, "HEAPVIEW_ENABLED cannot be used: it must be on or off"),
        ({"HEAPVIEW_URL_PREFIX": "inside"}, "must begin with a slash"),
        ({"HEAPVIEW_TOKEN": "  "}, "HEAPVIEW_TOKEN cannot be used: it is empty"),
        ({"HEAPVIEW_TOKEN": "x"}, "it is too short. Set it to a random string of 16"),
        ({"HEAPVIEW_TOKEN": "x" * 15 + "\n"}, "too short"),
        ({"HEAPVIEW_TOKEN": "first-half\nsecond-half"}, "such as a line break"),
        ({"HEAPVIEW_TOKEN": False}, "it must be a string, not bool"),
        ({"HEAPVIEW_TOKEN": 0}, "not int"),
        ({"HEAPVIEW_TOKEN": 12345678901234567890}, "not int"),
        ({"HEAPVIEW_TOKEN": []}, "not list"),
        ({"HEAPVIEW_TOKEN": b"bytes-of-a-long-token"}, "not bytes"),
        ({"HEAPVIEW_KEEP_COUNT": "many"}, "HEAPVIEW_KEEP_COUNT cannot be used"),
        ({"HEAPVIEW_DEADLINE": -1}, "must be above 0"),
        ({"HEAPVIEW_DEADLINE": 0}, "must be above 0"),
        ({"HEAPVIEW_READER_SECONDS": -1}, "must be 0 or more"),
        ({"HEAPVIEW_HOSTS": " , "}, "HEAPVIEW_HOSTS cannot be used: it names no host"),
        ({"HEAPVIEW_HOSTS": ""}, "it names no host"),
        ({"HEAPVIEW_AUTH": "me"}, "must be a callable"),
        ({"HEAPVIEW_REQUEST_NAME": "soap"}, "it must be one of dash, graphql, json-rpc, or a"),
        ({"HEAPVIEW_REQUEST_NAME": 7}, "must be a callable"),
        ({"HEAPVIEW_REQUEST_NAME": asynchronous}, "it must not be async"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        HeapViewConfig.load(settings, {})


def test_good_settings() -> None:
    config = HeapViewConfig.load(
        {"HEAPVIEW_HOSTS": ["a", "b"], "HEAPVIEW_DEADLINE": "5"},
        {"HEAPVIEW_SHOW_VALUES": "yes", "HEAPVIEW_ENABLED": "0"},
    )
    assert (config.hosts, config.deadline) == (("a", "b"), 5.0)
    assert (config.show_values, config.enabled) == (True, False)
    with pytest.raises(ConfigError, match="no setting"):
        HeapViewConfig.load({}, {}, colour="red")
    assert config.directory("a") != config.directory("b")


@pytest.mark.parametrize("word", READY)
def test_a_name_of_requests_from_the_environment(word: str) -> None:
    config = HeapViewConfig.load({}, {"HEAPVIEW_REQUEST_NAME": f" {word.upper()}\n"})
    assert config.request_name is READY[word]
    assert HeapViewConfig.load({"HEAPVIEW_REQUEST_NAME": READY[word]}, {}) == config


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", "  {} "])
def test_a_token_from_a_file_of_secrets(around: str) -> None:
    written = around.format("a-token-for-the-tests")
    for config, environ in (({}, {"HEAPVIEW_TOKEN": written}), ({"HEAPVIEW_TOKEN": written}, {})):
        assert HeapViewConfig.load(config, environ).token == "a-token-for-the-tests"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Shop.Example ", "shop.example"),
        ("shop.example:8000", "shop.example"),
        ("shop.example.", "shop.example"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]:8000", "::1"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
    ],
)
def test_the_names_of_hosts(text: str, expected: str) -> None:
    assert host_name(text) == expected
    assert HeapViewConfig.load({"HEAPVIEW_HOSTS": f"{text}, a"}, {}).hosts == (expected, "a")


def test_the_table_has_every_setting_in_order() -> None:
    assert list(ROWS) == list(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_the_table_tells_the_meaning(name: str) -> None:
    assert ROWS[name][0] == FIELDS[name].metadata["help"]


@pytest.mark.parametrize("name", FIELDS)
def test_the_table_tells_the_default(name: str) -> None:
    default, told = FIELDS[name].default, ROWS[name][1]
    if name in WITHOUT:
        assert (default or None, told) == (None, WITHOUT[name])
    elif isinstance(default, bool):
        assert told == ("on" if default else "off")
    elif isinstance(default, int | float):
        assert told.partition(" (")[0] == f"{default:,.0f}"
    else:
        assert told == f"`{default}`"


@pytest.mark.parametrize("name", CHOICES)
def test_the_table_tells_the_choices(name: str) -> None:
    assert set(re.findall("`(.+?)`", ROWS[name][0])) == set(CHOICES[name])
    assert FIELDS[name].default in CHOICES[name]
