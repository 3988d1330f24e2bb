"""Libraries that are at fault, and the leaks that are known of them, in words."""

from __future__ import annotations

from ...model import library_facts as facts
from ...text import bytes_text
from .say import count_text, say

RECYCLE = "Recycle workers (gunicorn --max-requests)."


def library_text(library: str, version: str) -> str:
    """lxml 4.9.2; Python 3.12.4."""
    return f"{'Python' if library == 'python' else library} {version}"


@say.register
def _(fact: facts.LibraryAtFault) -> str:
    library = library_text(fact.library, fact.version)
    return (
        f"{library} holds it, and its own code put it there. "
        f"So {fact.library} is at fault, and not the app."
    )


@say.register
def _(fact: facts.NativeCaller) -> str:
    library = fact.library or "A library that is no longer loaded"
    owner = f" ({fact.distribution})" if fact.distribution else ""
    where = f", in {fact.function}" if fact.function else ""
    via = f" It was called by {', '.join(fact.calls)}." if fact.calls else ""
    return (
        f"{library}{owner} took {bytes_text(fact.bytes)} of it{where}, "
        f"by {count_text(fact.samples, 'sample')} of malloc.{via}"
    )


@say.register
def _(fact: facts.KnownLeak) -> str:
    library = library_text(fact.library, fact.version)
    known = "has this known leak" if fact.certain else "has a known leak, which may be this one"
    fixed = f"fixed in {fact.fixed_in}" if fact.fixed_in else "not fixed in any release"
    return f"{library} {known}, {fixed} ({fact.reference}). {fact.what}"


@say.register
def _(fact: facts.LibraryRemedy) -> str:
    library = library_text(fact.library, fact.version)
    if fact.fixed_in is not None:
        said = f"Upgrade {library} to {fact.fixed_in} or later."
    elif fact.known:
        said = f"No release of {fact.library} fixes it yet: follow its report."
    else:
        said = f"Upgrade {library}. If the newest release leaks, too, report it to its maintainers."
    return f"{said} Until then: {fact.meanwhile or RECYCLE}"
