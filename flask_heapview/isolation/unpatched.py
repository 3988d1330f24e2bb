"""The functions of the standard library as they were before gevent patched them."""

from __future__ import annotations

import sys
from typing import Any


def original(module: str, name: str) -> Any:
    """The unpatched `module.name`, whether or not gevent has been at work."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched(module):
        return monkey.get_original(module, name)
    return getattr(sys.modules.get(module) or __import__(module), name)


def is_ready(descriptor: int, event: int) -> bool:
    """Whether an event of poll(2) is there, or an error or a hang-up, without waiting for it: under
    gevent, select.poll would wait. Raises OSError and ValueError."""
    looked = original("select", "poll")()
    looked.register(descriptor, event)
    return bool(looked.poll(0))


def is_green() -> bool:
    """Whether threads are greenlets in this process."""
    monkey = sys.modules.get("gevent.monkey")
    return bool(monkey is not None and monkey.is_module_patched("threading"))
