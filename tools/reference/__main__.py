"""`python -m tools.reference`: writes the reference pages into docs/."""

from __future__ import annotations

from .pages import DOCS, PAGES

for _name, _render in PAGES.items():
    (DOCS / _name).write_text(_render(), encoding="utf-8")
    print(f"docs/{_name}")
