"""Who is at the other end of a Unix socket."""

from __future__ import annotations

import _socket
import os
import struct

_SO_PEERCRED = getattr(_socket, "SO_PEERCRED", None)
_UCRED = "iII"  # the layout of struct ucred: see unix(7)


def peer_of(fd: int) -> tuple[int, int] | None:
    """The process and the user there; None where nobody can tell. Raises OSError."""
    if _SO_PEERCRED is None:
        return None
    peer = _socket.socket(fileno=fd)
    try:
        found = peer.getsockopt(_socket.SOL_SOCKET, _SO_PEERCRED, struct.calcsize(_UCRED))
    finally:
        peer.detach()
    pid, uid, _ = struct.unpack(_UCRED, found)
    return pid, uid


def is_allowed(fd: int) -> bool:
    """Whether this user or root is at the other end; where nobody can tell, the directory's mode
    has decided."""
    try:
        peer = peer_of(fd)
    except OSError:
        return False
    return peer is None or peer[1] in (0, os.geteuid())
