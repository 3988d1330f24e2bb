"""The markup of issue trackers: Markdown as GitHub and GitLab read it, and Jira's wiki markup.

What goes in is of unknown origin: names may hold markup, mentions, or no end. Each piece of text is
cleaned, cut to a length, and escaped, so that it stays the text that it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from ..text import clean

Flavor = Literal["github", "gitlab", "jira"]
MAX_SENTENCE_CHARACTERS = 600
MAX_CODE_CHARACTERS = 240
TICKS = re.compile("`+")


class Markup(Protocol):
    """How one tracker writes things. Text is given plain, and comes back escaped."""

    suffix: str  # of a file's name
    mimetype: str

    def text(self, plain: str) -> str:
        """A sentence, or a part of one."""

    def code(self, plain: str) -> str:
        """A name, in a font of equal width."""

    def strong(self, plain: str) -> str: ...
    def heading(self, level: int, marked: str) -> str: ...
    def bullet(self, marked: str) -> str: ...
    def block(self, lines: Iterable[str]) -> list[str]:
        """Lines of plain text, kept as they are."""

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
        """Plain heads and cells."""


def _cut(plain: str, limit: int) -> str:
    """On one line, without control characters and direction marks."""
    return clean(plain, limit)


def _sentence(plain: str) -> str:
    """The same, without runs of blanks: four of them at its beginning would make it code."""
    return re.sub(" {2,}", " ", _cut(plain, MAX_SENTENCE_CHARACTERS))


class Markdown:
    """GitHub Flavored Markdown (github.github.com/gfm), which GitLab reads, too.

    They differ in what stops a mention. GitLab honours a backslash (docs.gitlab.com/user/markdown).
    GitHub looks for mentions after the Markdown, so something has to stand in between.
    """

    suffix, mimetype = "md", "text/markdown"
    _SPECIAL = re.compile(r"[\\`*{}\[\]<>#|~$&!@]|(?<![^\W_])_|_(?![^\W_])")
    # a slash begins one of GitLab's quick actions
    _BEGINS_BLOCK = re.compile(r" ?(?:[-=/]|\+(?=\s|$)|\d+[.)](?=\s|$))")
    _REFERENCE = re.compile(r"\\([@#])(?=[\w-])")

    def __init__(self, flavor: Flavor) -> None:
        self._mentions_survive = flavor == "github"

    def text(self, plain: str) -> str:
        plain = _sentence(plain)
        escaped = self._SPECIAL.sub(r"\\\g<0>", plain)
        if self._mentions_survive:
            escaped = self._REFERENCE.sub(r"\1<!-- -->", escaped)
        begins = self._BEGINS_BLOCK.match(plain)
        if begins is None:
            return escaped
        last = begins.end() - 1
        return f"{escaped[:last]}\\{escaped[last:]}"

    def code(self, plain: str) -> str:
        plain = _cut(plain, MAX_CODE_CHARACTERS)
        ticks = _longer_than_in(plain, 1)
        blank = " " if len(ticks) > 1 else ""
        return f"{ticks}{blank}{plain or ' '}{blank}{ticks}"

    def strong(self, plain: str) -> str:
        return f"**{self.text(plain)}**"

    def heading(self, level: int, marked: str) -> str:
        return f"{'#' * level} {marked}"

    def bullet(self, marked: str) -> str:
        return f"- {marked}"

    def block(self, lines: Iterable[str]) -> list[str]:
        shown = [_cut(line, MAX_SENTENCE_CHARACTERS) for line in lines]
        fence = _longer_than_in("\n".join(shown), 3)
        return [f"{fence}text", *shown, fence]

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
        lines = [heads, *rows]
        shown = [f"| {' | '.join(map(self.text, line))} |" for line in lines]
        return [shown[0], "|" + " --- |" * len(heads), *shown[1:]]


def _longer_than_in(plain: str, least: int) -> str:
    """A run of backticks that does not end within the text."""
    longest = max((len(run) for run in TICKS.findall(plain)), default=0)
    return "`" * max(least, longest + 1)


class Jira:
    """The text formatting notation of Jira (jira.atlassian.com, "Text Formatting Notation Help").

    A backslash escapes most characters. Two of them are a line break, so a plain one is an entity.
    """

    suffix, mimetype = "txt", "text/plain"
    _SPECIAL = re.compile(
        r"[\[\]{}*^~?!|@]|(?<![^\W_])[_+-]|[_+-](?![^\W_])|\((?=[a-z*/!?+-]{1,7}\))"
    )
    _BEGINS_BLOCK = re.compile(r" ?(?:h[1-6]|bq)\.")
    _ENTITIES = str.maketrans({"&": "&amp;", "\\": "&#92;", "#": "&#35;"})

    def text(self, plain: str) -> str:
        return self._escaped(_sentence(plain))

    def _escaped(self, plain: str) -> str:
        begins = self._BEGINS_BLOCK.match(plain)
        parts = [part.translate(self._ENTITIES) for part in self._SPECIAL.split(plain)]
        marks = [f"\\{found[0]}" for found in self._SPECIAL.finditer(plain)]
        joined = "".join(a + b for a, b in zip(parts, [*marks, ""], strict=True))
        return joined.replace(".", "&#46;", 1) if begins else joined

    def code(self, plain: str) -> str:
        return f"{{{{{self._escaped(_cut(plain, MAX_CODE_CHARACTERS)) or ' '}}}}}"

    def strong(self, plain: str) -> str:
        return f"*{self.text(plain)}*"

    def heading(self, level: int, marked: str) -> str:
        return f"h{level}. {marked}"

    def bullet(self, marked: str) -> str:
        return f"* {marked}"

    def block(self, lines: Iterable[str]) -> list[str]:
        shown = [_cut(line, MAX_SENTENCE_CHARACTERS) for line in lines]
        return [
            "{noformat}",
            *(line.replace("{noformat", "{ noformat") for line in shown),
            "{noformat}",
        ]

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
        first = f"||{'||'.join(map(self.text, heads))}||"
        return [first, *(f"|{'|'.join(self.text(cell) or ' ' for cell in row)}|" for row in rows)]


MARKUPS: dict[Flavor, Markup] = {
    "github": Markdown("github"),
    "gitlab": Markdown("gitlab"),
    "jira": Jira(),
}
