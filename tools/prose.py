"""Measure the sentences that users read: README, docs, pages, errors, help texts.

Ends with 1 when more than 8 % of them have more than 25 words, or any has more than 40.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[1]
LONG_WORDS, MAX_WORDS = 25, 40
MAX_LONG_SHARE = 0.08
MIN_WORDS = 3  # a label or a cell with fewer words is no sentence: it would only thin the share
PLACEHOLDER = "X"  # stands for a piece of code or a value: one word
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|cf|vs|approx|resp|incl|fig|mrs?|dr)\.$", re.I)
END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)")
CAPITAL = re.compile(r"\s+[\"'“‘(\[]*[^\W_a-zß-ÿ]")
INLINE_TAGS = frozenset(
    ("a", "abbr", "b", "code", "em", "i", "kbd", "mark", "s", "small", "span", "strong", "time")
)
CODE_TAGS = frozenset(("code", "kbd", "samp", "script", "style"))
TEXT_ATTRIBUTES = frozenset(("title", "alt", "placeholder", "aria-label"))


@dataclass(frozen=True)
class Text:
    """A piece of text that stands by itself: a paragraph, a cell, a message."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Sentence(Text):
    @property
    def words(self) -> int:
        return count_words(self.text)


def count_words(text: str) -> int:
    """Words, of which each has a letter or a digit."""
    return sum(any(c.isalnum() for c in word) for word in text.split())


def split(text: str) -> list[str]:
    """The sentences of a text. A colon or a semicolon ends none."""
    text = " ".join(text.split())
    found, begin = [], 0
    for match in END.finditer(text):
        ended = text[begin : match.end()]
        if ABBREVIATION.search(ended):
            continue
        # a name may begin in lower case, but "…", "?" and "etc." stand within sentences, too
        sure = ended.endswith(".") and not ended.endswith("etc.")
        if not sure and not CAPITAL.match(text, match.end()):
            continue
        found.append(text[begin : match.end()].strip())
        begin = match.end()
    return [one for one in (*found, text[begin:].strip()) if one]


def sentences(texts: Iterable[Text]) -> list[Sentence]:
    """Those of all texts that have at least MIN_WORDS words."""
    found = [Sentence(t.path, t.line, one) for t in texts for one in split(t.text)]
    return [one for one in found if one.words >= MIN_WORDS]


# --- Markdown

FENCE = re.compile(r"^\s*(```|~~~)")
MARKER = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
RULE = re.compile(r"^[\s|:\-]+$")


def plain(text: str) -> str:
    """Markdown without its marks: code is one word, a link is its text."""
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.DOTALL)
    text = re.sub(r"``.+?``|`[^`]+`", PLACEHOLDER, text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[*#]+|^>\s?|<[^>]+>", "", text)


def markdown(path: str, source: str) -> Iterator[Text]:
    """Paragraphs, list items, headings and the cells of tables; no code and no front matter."""
    block: list[str] = []
    first, fence = 1, ""
    lines = source.split("\n")
    start = lines.index("---", 1) + 1 if lines[0] == "---" and "---" in lines[1:] else 0
    for number, line in enumerate([*lines[start:], ""], start + 1):
        mark = FENCE.match(line)
        alone = line.startswith(("#", "|")) or mark or fence or not line.strip()
        if block and (alone or MARKER.match(line)):
            yield Text(path, first, plain(" ".join(block)))
            block = []
        if mark or fence:
            fence = "" if mark and mark[1] == fence else fence or (mark[1] if mark else "")
        elif line.startswith("|"):
            if not RULE.match(line):
                for cell in plain(line).strip().strip("|").split("|"):
                    yield Text(path, number, cell)
        elif line.startswith("#"):
            yield Text(path, number, plain(line))
        elif line.strip():
            first = first if block else number
            block.append(MARKER.sub("", line))


# --- Jinja templates


class _Page(HTMLParser):
    """Texts between two tags that are not inline, and the attributes that people read."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.texts = path, list[Text]()
        self._parts: list[str] = []
        self._line, self._code = 1, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE_TAGS:
            self.flush()
        if tag in CODE_TAGS:
            self._code += 1
            self._parts.append(PLACEHOLDER if tag in INLINE_TAGS else "")
        line = self.getpos()[0]
        self.texts += [Text(self.path, line, v) for k, v in attrs if k in TEXT_ATTRIBUTES and v]

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE_TAGS:
            self.flush()
        self._code -= tag in CODE_TAGS

    def handle_data(self, data: str) -> None:
        if self._code:
            return
        for number, part in enumerate(data.split("\f")):
            if number:
                self.flush()
            if not "".join(self._parts).strip():
                self._line = self.getpos()[0]
            self._parts.append(part)

    def flush(self) -> None:
        text = "".join(self._parts)
        self._parts = []
        if text.strip():
            self.texts.append(Text(self.path, self._line, text))


def template(path: str, source: str) -> list[Text]:
    """The text nodes, and the strings in Jinja's expressions; a value is one word."""
    parts: list[str] = []
    strings: list[Text] = []
    for line, kind, value in Environment().lex(source):
        if kind in ("data", "raw_begin"):
            parts.append(value)
            continue
        parts.append("\n" * value.count("\n"))
        if kind == "variable_begin":
            parts.append(PLACEHOLDER)
        elif kind == "name" and value in ("else", "elif", "block", "endblock"):
            parts.append("\f")  # two ways of one sentence are two sentences
        elif kind == "string" and " " in value.strip("'\""):
            strings.append(Text(path, line, ast.literal_eval(value)))
    page = _Page(path)
    page.feed("".join(parts))
    page.flush()
    return [*page.texts, *strings]


# --- Python


def texts_of(node: ast.AST) -> Iterator[str]:
    """The text of a string expression; a value in it is one word, and each branch is a text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER
            for part in node.values
        )
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for left in texts_of(node.left):
            yield from (left + right for right in texts_of(node.right))
    elif isinstance(node, ast.IfExp):
        yield from texts_of(node.body)
        yield from texts_of(node.orelse)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from texts_of(node.func.value)  # f"…".strip()
    elif isinstance(node, ast.expr):
        yield PLACEHOLDER


def all_strings(path: str, tree: ast.AST, docstrings: bool) -> Iterator[Text]:
    """Every string of a module, a concatenation as one."""
    skip = {id(node) for node in _docstrings(tree)} if not docstrings else set()
    for node in ast.walk(tree):
        if id(node) in skip or not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            continue
        skip |= {id(child) for child in ast.walk(node)}
        for text in texts_of(node):
            yield Text(path, node.lineno, text)


def _docstrings(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        first = next(iter(getattr(node, "body", None) or ()), None) if _has_body(node) else None
        if isinstance(first, ast.Expr):
            yield first.value


def _has_body(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)


def name_of(node: ast.AST) -> str:
    """The last part of a name: `click.option` is `option`."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def error_classes(trees: Iterable[ast.AST]) -> set[str]:
    """The names of our own exceptions, and click's, whose message is printed as it is."""
    classes = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    found = {"Exception", "ClickException"}
    while more := {c.name for c in classes if {name_of(b) for b in c.bases} & found} - found:
        found |= more
    return found - {"Exception"}


def messages(path: str, tree: ast.AST, classes: set[str]) -> Iterator[Text]:
    """What is given to an error of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in classes:
            for argument in node.args:
                yield from (Text(path, node.lineno, text) for text in texts_of(argument))


def helps(path: str, tree: ast.AST) -> Iterator[Text]:
    """Help texts of settings and options, and the docstrings of commands."""
    for node in ast.walk(tree):
        pairs: list[tuple[object, ast.expr]] = []
        if isinstance(node, ast.Call):
            pairs = [(k.arg, k.value) for k in node.keywords]
        elif isinstance(node, ast.Dict):
            keys = (getattr(key, "value", None) for key in node.keys)
            pairs = list(zip(keys, node.values, strict=True))
        elif isinstance(node, ast.FunctionDef):
            command = any(name_of(d) == "command" for d in node.decorator_list)
            yield from (
                Text(path, node.lineno, part)
                for part in (ast.get_docstring(node) or "").split("\n\n" if command else None)
                if command
            )
        for key, value in pairs:
            if key == "help":
                yield from (Text(path, value.lineno, text) for text in texts_of(value))


# --- the places


def places(root: Path = ROOT) -> dict[str, list[Sentence]]:
    """The sentences of each place: one for a document, one for all templates, and so on."""
    documents = [root / f"{name}.md" for name in ("README", "CHANGES", "CONTRIBUTING", "SECURITY")]
    found: dict[str, list[Sentence]] = {}
    for path in (*documents, *sorted((root / "docs").glob("*.md"))):
        if path.exists():
            name = str(path.relative_to(root))
            found[name] = sentences(markdown(name, path.read_text()))
    pages = sorted((root / "templates").glob("*.html"))
    found["templates"] = sentences(
        text for path in pages for text in template(str(path.relative_to(root)), path.read_text())
    )
    return found | _of_the_package(root)


def _of_the_package(root: Path) -> dict[str, list[Sentence]]:
    files = sorted((root / "flask_heapview").rglob("*.py"))
    trees = {str(path.relative_to(root)): ast.parse(path.read_text()) for path in files}
    classes = error_classes(trees.values())
    words = re.compile(r"^flask_heapview/(errors|render/sentences\w*(/.*)?)\.py$")
    found: dict[str, list[Text]] = {"error messages": [], "help texts": []}
    for name, tree in trees.items():
        found["error messages"] += messages(name, tree, classes)
        found["help texts"] += helps(name, tree)
        if words.match(name):
            found[name] = list(all_strings(name, tree, docstrings=name.endswith("errors.py")))
    return {place: sentences(texts) for place, texts in found.items()}


def report(found: dict[str, list[Sentence]], everything: bool) -> int:
    """Prints the table and the long sentences. Returns the exit code."""
    rows = [*found.items(), ("in all", [one for row in found.values() for one in row])]
    print(f"{'':42}{'sentences':>10}{f'over {LONG_WORDS}':>10}{'share':>8}{f'over {MAX_WORDS}':>9}")
    for place, row in rows:
        many = sum(one.words > LONG_WORDS for one in row)
        most = sum(one.words > MAX_WORDS for one in row)
        share = many / max(1, len(row))
        print(f"{place:42}{len(row):>10,}{many:>10,}{share:>8.1%}{most:>9,}")
    for one in rows[-1][1]:
        if one.words > (LONG_WORDS if everything else MAX_WORDS):
            print(f"{one.path}:{one.line}: {one.words} words: {one.text}")
    if most:
        print(f"{most} sentences have more than {MAX_WORDS} words: split them.")
    if share > MAX_LONG_SHARE:
        print(f"More than {MAX_LONG_SHARE:.0%} have more than {LONG_WORDS} words: see --list.")
    return int(bool(most) or share > MAX_LONG_SHARE)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the sentences that users read.")
    parser.add_argument("--list", action="store_true", help="list those over 25 words, too")
    return report(places(), parser.parse_args().list)


if __name__ == "__main__":
    sys.exit(main())
