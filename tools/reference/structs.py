"""Structs of the model as tables: each field with its type, its default and its comment."""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from flask_heapview.model.fact import Fact

from .markdown import code, doc, first_paragraph, table

WORDS = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "`null`",
    Any: "any",
}
NONE = re.compile(r"\bNone\b")  # what JSON calls otherwise
LONG_UNION = 4  # facts are unions of many structs: their table is named instead
Struct = type[msgspec.Struct]
Link = Callable[[Struct], str]


def local_link(struct: Struct) -> str:
    """To the heading of a struct on the same page."""
    return f"[{struct.__name__}](#{struct.__name__.lower()})"


# --- what the source says of a field


def comments(struct: Struct) -> dict[str, str]:
    """The comment at the end of each field's line, those of its bases included."""
    found: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if base.__module__.startswith("flask_heapview."):
            found |= _own_comments(base)
    return found


def _own_comments(struct: type) -> dict[str, str]:
    source = textwrap.dedent(inspect.getsource(struct))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    by_line = {
        token.start[0]: NONE.sub("`null`", token.string.lstrip("# "))
        for token in tokens
        if token.type == tokenize.COMMENT and token.line.strip() != token.string
    }
    (body,) = ast.parse(source).body
    assert isinstance(body, ast.ClassDef)
    return {
        node.target.id: by_line[node.end_lineno or 0]
        for node in body.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.end_lineno in by_line
    }


# --- types in words


def type_words(kind: Any, link: Link) -> str:
    """A type as JSON has it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in WORDS:
        return WORDS[kind]
    if origin is typing.Literal:
        return ", ".join(code(value) for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments, link)
    if origin in (list, tuple):
        return f"list of {type_words(arguments[0], link)}"
    if origin is dict:
        return f"object of {type_words(arguments[1], link)}"
    if isinstance(kind, type) and issubclass(kind, Fact):
        return f"[fact](#facts) {code(kind_of(kind))}"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return link(kind)
    return "object" if kind in (dict, object) else code(kind)


def _union(arguments: Iterable[Any], link: Link) -> str:
    members = list(arguments)
    if sum(_is_fact(member) for member in members) > LONG_UNION:
        members = [member for member in members if not _is_fact(member)]
        return " or ".join(["[fact](#facts)", *(type_words(one, link) for one in members)])
    return " or ".join(type_words(one, link) for one in members)


def _is_fact(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Fact)


def kind_of(struct: type[Fact]) -> str:
    """The `kind` by which JSON tells a fact from others."""
    return str(struct.__struct_config__.tag)


def _default(item: msgspec.structs.FieldInfo) -> str:
    if item.required:
        return ""
    value = item.default
    if value is msgspec.NODEFAULT:
        value = item.default_factory()
    if isinstance(value, msgspec.Struct):
        return "its defaults"
    return code(msgspec.json.encode(value).decode())


# --- tables


def fields_table(struct: Struct, link: Link) -> str:
    """One struct: name, type, default and meaning of each field."""
    said, hints = comments(struct), typing.get_type_hints(struct)
    rows = [
        (
            code(item.encode_name),
            type_words(hints[item.name], link),
            _default(item),
            said.get(item.name, ""),
        )
        for item in msgspec.structs.fields(struct)
    ]
    return table(("field", "type", "default", "meaning"), rows)


def section(struct: Struct, link: Link = local_link) -> str:
    """One struct under its heading."""
    own = struct.__dict__.get("__doc__")
    parts = [f"### {struct.__name__}", doc(struct) if own else "", fields_table(struct, link)]
    return "\n\n".join(part for part in parts if part)


def facts_table(facts: Iterable[type[Fact]]) -> str:
    """All facts, by kind: their figures, each with its type and its comment."""
    rows = []
    for fact in sorted(facts, key=kind_of):
        said, hints = comments(fact), typing.get_type_hints(fact)
        figures = "; ".join(
            f"{code(name)} {type_words(hints[name], local_link)}"
            + (f": {said[name]}" if name in said else "")
            for name in fact.__struct_fields__
        )
        own = fact.__dict__.get("__doc__")
        rows.append((code(kind_of(fact)), first_paragraph(fact) if own else "", figures))
    return table(("kind", "meaning", "figures"), rows)


# --- which structs a page needs


def reached(*roots: Any) -> list[Struct]:
    """The structs that these types lead to, nearest first, each once."""
    found: dict[Struct, None] = {}
    waiting: list[Any] = list(roots)
    while waiting:
        kind = waiting.pop(0)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if kind not in found:
                found[kind] = None
                waiting += typing.get_type_hints(kind).values()
        else:
            waiting += _arguments(kind)
    return list(found)


def _arguments(kind: Any) -> Iterator[Any]:
    if typing.get_origin(kind) is not typing.Literal:
        yield from typing.get_args(kind)


def split_facts(structs: Iterable[Struct]) -> tuple[list[Struct], list[type[Fact]]]:
    """Those that are no facts, and the facts."""
    others, facts = list[Struct](), list[type[Fact]]()
    for struct in structs:
        if issubclass(struct, Fact):
            facts.append(struct)
        else:
            others.append(struct)
    return others, facts
