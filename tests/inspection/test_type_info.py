"""Types and sizes are read without running code of theirs."""

from __future__ import annotations

import sys
from collections import OrderedDict, deque

from flask_heapview.inspection.type_info import Types, type_name

from .. import sample_objects


def test_sizes_are_those_of_getsizeof_without_python_code() -> None:
    types = Types()
    sample_objects.Hostile.touched.clear()
    for obj in (
        [1, 2],
        {"a": 1},
        "text",
        5,
        sample_objects.store,
        sample_objects.slotted,
        OrderedDict(a=1),
        deque([1]),
    ):
        assert types.of(obj).sizeof(obj) == sys.getsizeof(obj)
    plain = sample_objects.Store()
    hostile = sample_objects.hostiles[0]
    assert types.of(hostile).sizeof(hostile) == types.of(plain).sizeof(plain)
    assert sample_objects.Hostile.touched == []


def test_types_without_a_dictionary_or_with_a_lying_metaclass() -> None:
    sample_objects.Hostile.touched.clear()
    types = Types()
    assert types.of(sample_objects.meants[0]).name.endswith("Meant")
    assert type_name(sample_objects.Lone).startswith("lone \\ud800")
    assert sample_objects.Hostile.touched == []
