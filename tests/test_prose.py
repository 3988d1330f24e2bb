"""The measure of our sentences counts what a reader would."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import prose

from .helpers import ROOT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It leaks. It stays.", ["It leaks.", "It stays."]),
        ("Use a cache, e.g. cachetools. Bound it.", ["Use a cache, e.g. cachetools.", "Bound it."]),
        ("Use one, i.e. The Cache, now.", ["Use one, i.e. The Cache, now."]),
        ("Lists, sets, etc. are kept.", ["Lists, sets, etc. are kept."]),
        ("Lists, sets, etc. They stay.", ["Lists, sets, etc.", "They stay."]),
        ("Python 3.11.7 is known. So is 3.12.", ["Python 3.11.7 is known.", "So is 3.12."]),
        ("See setup.cfg. It has it.", ["See setup.cfg.", "It has it."]),
        ("See setup.cfg and app.py here.", ["See setup.cfg and app.py here."]),
        ("Press Capture … and wait… Then again.", ["Press Capture … and wait…", "Then again."]),
        ("Does it leak? Look! Now.", ["Does it leak?", "Look!", "Now."]),
        ("It grew (“by 3 MB.”) Look.", ["It grew (“by 3 MB.”)", "Look."]),
        ("It is dead. flask-heapview tells.", ["It is dead.", "flask-heapview tells."]),
        ("Ten at most. See X. Or E.", ["Ten at most.", "See X.", "Or E."]),
        ("It grows; it stays: it is a leak", ["It grows; it stays: it is a leak"]),
        ("One\n  line", ["One line"]),
        ("", []),
    ],
)
def test_where_a_sentence_ends(text: str, expected: list[str]) -> None:
    assert prose.split(text) == expected


def test_what_a_word_is() -> None:
    assert prose.count_words("It grew by 0.4 % – that is 3 MB (of-late)") == 9


def texts(found: object) -> list[str]:
    return [" ".join(one.text.split()) for one in found]  # type: ignore[attr-defined]


def test_markdown_is_read_without_its_marks() -> None:
    source = """---
name: front matter
---

# A heading here

One `piece of code` and [a link](https://example.invalid/a.b) on
two lines.

```sh
no sentence. Of ours.
```

- an item **in bold**
  goes on
- another one

1. a step
| a cell | `x | y` |
| --- | --- |

<!-- a comment -->
after the table
"""
    assert texts(prose.markdown("a.md", source)) == [
        "A heading here",
        "One X and a link on two lines.",
        "an item in bold goes on",
        "another one",
        "a step",
        "a cell",
        "X",
        "after the table",
    ]


def test_the_line_of_a_paragraph_is_its_first() -> None:
    found = list(prose.markdown("a.md", "one\n\ntwo\nlines\n"))
    assert [one.line for one in found] == [1, 3]


def test_templates_are_read_without_their_code() -> None:
    source = """{# no comment #}<title>{% block title %}The title{% endblock %} · us</title>
<p title="What it is">It took {{ n|ms }} of <code>a.b c</code> <em>today</em>.</p>
<script>let no = "sentence";</script>
<p>A {% if x %}short{% else %}long{% endif %} one</p>
<h1>{{ {"first": "Take a first snapshot", "b": "one"}[step] }}</h1>
"""
    assert texts(prose.template("a.html", source)) == [
        "The title",
        "· us",
        "What it is",
        "It took X of X today.",
        "A short",
        "long one",
        "X",
        "Take a first snapshot",
    ]


def test_messages_of_our_errors_are_found() -> None:
    tree = ast.parse(
        """
class Ours(Exception): pass
class Special(Ours): pass
raise Special(f"There is no {name!r}: "
    "look again.")
raise Ours("Too many." if many else f"Only {few}." + " Send more.")
raise ValueError("not ours")
raise click.ClickException("Say more.")
"""
    )
    classes = prose.error_classes([tree])
    assert classes == {"Ours", "Special", "ClickException"}
    assert texts(prose.messages("a.py", tree, classes)) == [
        "There is no X: look again.",
        "Too many.",
        "Only X. Send more.",
        "Say more.",
    ]


def test_help_texts_are_found() -> None:
    tree = ast.parse(
        '''
@click.option("--a", help="How many.")
@group.command("b")
def b():
    """The first line.

    The second part."""

def c():
    """No command."""

field(metadata={"help": "what it is for"})
'''
    )
    assert sorted(texts(prose.helps("a.py", tree))) == [
        "How many.",
        "The first line.",
        "The second part.",
        "what it is for",
    ]


def test_strings_are_found_once() -> None:
    tree = ast.parse('"""The module."""\nA = "one " "two"\nB = f"{a} of " + "b"\n')
    assert sorted(texts(prose.all_strings("a.py", tree, docstrings=True))) == [
        "The module.",
        "X of b",
        "one two",
    ]
    assert "The module." not in texts(prose.all_strings("a.py", tree, docstrings=False))


@pytest.mark.parametrize(("words", "code"), [(25, 0), (26, 1), (41, 1)])
def test_long_sentences_fail(words: int, code: int, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("word " * words)
    assert prose.report(prose.places(tmp_path), everything=False) == code


def test_one_long_sentence_in_thirteen_is_allowed_but_none_above_forty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = "It is short. " * 12
    (tmp_path / "README.md").write_text(short + "Word " * 26)
    assert prose.report(prose.places(tmp_path), everything=True) == 0
    assert "README.md:1: 26 words: Word" in capsys.readouterr().out
    (tmp_path / "README.md").write_text(short + "Word " * 41)
    assert prose.report(prose.places(tmp_path), everything=False) == 1
    assert "README.md:1: 41 words: Word" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["sentences.py", "sentences_of_leaks.py", "sentences/leaks.py"])
def test_what_the_judge_says_is_measured(name: str, tmp_path: Path) -> None:
    path = tmp_path / "flask_heapview" / "render" / name
    path.parent.mkdir(parents=True)
    path.write_text('"""Words for people: not what they read."""\nA = f"{n} entries more."\n')
    found = prose.places(tmp_path)[f"flask_heapview/render/{name}"]
    assert texts(found) == ["X entries more."]


def test_every_place_is_measured() -> None:
    found = prose.places(ROOT)
    expected = {"README.md", "CHANGES.md", "docs/capture.md", "templates", "error messages"}
    assert expected | {"help texts", "flask_heapview/errors.py"} <= set(found)
    assert all(found[place] for place in expected)
