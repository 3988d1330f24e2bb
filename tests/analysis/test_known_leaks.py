"""The table of known leaks: each entry can be used, and is found by its version and its holder."""

from __future__ import annotations

import re

import msgspec
import pytest

from flask_heapview.analysis import known_leaks
from flask_heapview.analysis.known_leaks import TABLE, Clues, Leak, matches, table
from flask_heapview.analysis.versions import version_key, within
from flask_heapview.model.libraries import Distribution, Libraries

MAX_WORDS = 25
LEAKS = table()
LRU = Leak(
    library="Some_Cache",
    versions=[">=1.2, <1.4", ">=2.0, <2.0.3"],
    fixed_in=["1.4", "2.0.3"],
    what="It keeps each key.",
    reference="https://example.org/1",
    holder=r"^some_cache\.Store\b",
)


def names(leak: Leak) -> str:
    return f"{leak.library}: {leak.what}"


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> list[Leak]:
    """The table with nothing in it but what the test adds."""
    leaks: list[Leak] = []
    monkeypatch.setattr(known_leaks, "table", lambda: tuple(leaks))
    return leaks


def installed(version: str, python: str = "3.12.4") -> Libraries:
    one = Distribution(name="some-cache", version=version, modules=["some_cache"])
    return Libraries(python=python, distributions=[one])


def clues(**more: object) -> Clues:
    nothing: dict[str, object] = {name: [] for name in ("holders", "modules", "imported", "alive")}
    return msgspec.convert({"cause": "unbounded-container", **nothing, **more}, Clues)


# --- the entries


def test_the_table_has_what_services_use() -> None:
    assert len(LEAKS) >= 15
    assert "python" in {leak.library for leak in LEAKS}
    assert len({(leak.library, leak.what) for leak in LEAKS}) == len(LEAKS)


@pytest.mark.parametrize("leak", LEAKS, ids=names)
def test_an_entry_is_complete(leak: Leak) -> None:
    assert re.fullmatch(r"https://[^\s()]+[^\s().]", leak.reference)
    for sentence in filter(None, (leak.what, leak.meanwhile)):
        assert sentence.endswith(".")
        assert len(sentence.split()) <= MAX_WORDS
    assert leak.holder or leak.file or leak.causes
    for pattern in (leak.holder, leak.file, leak.alive):
        re.compile(pattern)
    assert re.fullmatch(r"[\w.]*", leak.needs)


@pytest.mark.parametrize("leak", LEAKS, ids=names)
def test_its_versions_end_where_it_is_fixed(leak: Leak) -> None:
    assert leak.versions
    assert len(leak.fixed_in) in (0, len(leak.versions))
    assert leak.fixed_in or not any("<" in span for span in leak.versions)
    for span, fixed in zip(leak.versions, leak.fixed_in, strict=False):
        assert version_key(fixed) is not None
        assert f"<{fixed}" in span
        assert leak.range_of(fixed) is None
        assert not within(fixed, span)
    assert leak.python == "" or isinstance(within("3.99", leak.python), bool)


def test_a_field_that_is_none_is_refused() -> None:
    text = '[[leak]]\nlibrary = "x"\nversions = []\nwhat = ""\nreference = ""\nholders = ""\n'
    with pytest.raises(msgspec.ValidationError, match="holders"):
        msgspec.toml.decode(text, type=dict[str, list[Leak]])
    assert TABLE.is_file()


# --- versions


@pytest.mark.parametrize(
    ("version", "span", "inside"),
    [
        ("3.12.4", ">=3.12, <3.12.7", True),
        ("3.12.7", ">=3.12, <3.12.7", False),
        ("3.12.10", "<3.12.7", False),
        ("3.12", ">=3.12.0", True),
        ("2.0.0", "==2", True),
        ("2.0.0rc1", "<2.0", True),
        ("2.0.0rc1", ">=2.0.0b3", True),
        ("2.0.0.dev3", "<2.0.0a1", True),
        ("2.0.0.post1", "<=2.0.0", True),
        ("0.49b2", "<0.50b0", True),
        ("0.50b0", "<0.50b0", False),
        ("v1.4", ">1.3.9", True),
        ("1.26.4+local.7", "<1.27", True),
        ("unknown", "<9", False),
    ],
)
def test_ranges_of_versions(version: str, span: str, inside: bool) -> None:
    assert within(version, span) is inside


@pytest.mark.parametrize("span", ["3.12", "~=3.12", "<", "<x", ""])
def test_what_is_no_range(span: str) -> None:
    with pytest.raises(ValueError, match="is no condition"):
        within("3.12", span)


# --- which one it is


def test_a_leak_is_found_by_version_and_holder(only: list[Leak]) -> None:
    only.append(LRU)
    held = clues(holders=["app.store", "some_cache.Store"])
    (found,) = matches(installed("2.0.1"), held)
    assert (found.library, found.version, found.versions) == (
        "some-cache",
        "2.0.1",
        ">=2.0, <2.0.3",
    )
    assert (found.fixed_in, found.certain) == ("2.0.3", True)
    assert matches(installed("1.3.9"), held)[0].fixed_in == "1.4"
    assert matches(installed("1.4"), held) == []
    assert matches(installed("2.0.1"), clues(holders=["app.store", "dict"])) == []
    assert matches(Libraries(python="3.12.4"), held) == []


def test_holder_and_file_must_both_be_seen(only: list[Leak]) -> None:
    only.append(msgspec.structs.replace(LRU, file=r"^some_cache\.io$"))
    held = ["some_cache.Store"]
    assert matches(installed("1.3"), clues(holders=held)) == []
    assert matches(installed("1.3"), clues(holders=held, modules=["some_cache.io"]))[0].certain


def test_a_cause_alone_makes_a_guess(only: list[Leak]) -> None:
    guess = msgspec.structs.replace(LRU, holder="", causes=["native"])
    only.append(guess)
    (found,) = matches(installed("1.3"), clues(cause="native"))
    assert not found.certain
    assert matches(installed("1.3"), clues()) == []
    # one that is certain leaves no room for guesses
    only.append(msgspec.structs.replace(LRU, what="It keeps all."))
    both = matches(installed("1.3"), clues(cause="native", holders=["some_cache.Store"]))
    assert [one.leak.what for one in both] == ["It keeps all."]


def test_the_interpreter_and_what_is_imported_count(only: list[Leak]) -> None:
    only.append(msgspec.structs.replace(LRU, python=">=3.12", needs="some_cache.fast"))
    held = clues(holders=["some_cache.Store"], imported={"some_cache.fast"})
    assert len(matches(installed("1.3"), held)) == 1
    assert matches(installed("1.3", python="3.11.9"), held) == []
    assert matches(installed("1.3"), clues(holders=["some_cache.Store"])) == []


def test_what_leaks_has_to_be_in_use() -> None:
    old, native = Libraries(python="3.12.1"), {"cause": "native", "imported": {"ssl"}}
    assert matches(old, clues(**native)) == []
    (found,) = matches(old, clues(**native, alive=["dict", "_ssl._SSLSocket"]))
    assert (found.fixed_in, found.certain) == ("3.12.7", False)


def test_the_interpreter_is_a_library() -> None:
    garbage = clues(cause="reference-cycle")
    found = matches(Libraries(python="3.14.2"), garbage)
    assert [(one.library, one.fixed_in) for one in found] == [("python", "3.14.5")]
    assert matches(Libraries(python="3.14.5"), garbage) == []
