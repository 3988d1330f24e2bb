"""Modules and threads, from which the walk begins."""

from __future__ import annotations

import os

import pytest

from flask_heapview.inspection import roots

from .. import sample_objects


def test_modules_have_owners() -> None:
    assert roots.rank_of("flask_heapview.web", None) == roots.OURS
    assert roots.rank_of("__main__", None) == roots.APP
    assert roots.rank_of("sys", None) == roots.STANDARD
    assert roots.rank_of("os", os.__file__) == roots.STANDARD
    assert roots.rank_of("pytest", pytest.__file__) == roots.LIBRARY
    assert roots.rank_of("shop", "/srv/shop.py") == roots.APP
    assert roots.app_file("/srv/shop.py")
    assert roots.app_file("shop.py")
    assert not roots.app_file("<string>")
    names = [root.name for root in roots.modules()]
    assert names.index(sample_objects.__name__) < names.index("flask") < names.index("sys")


def test_numbered_threads_have_one_name() -> None:
    names = {1: "worker-1", 2: "worker-12", 3: "pool-0_3", 4: "bg", 5: "Thread-7 (run)", 6: "v2"}
    folded = roots.fold_names(names)
    assert list(folded.values()) == [
        "worker-#",
        "worker-#",
        "pool-#_#",
        "bg",
        "Thread-# (run)",
        "v2",
    ]
