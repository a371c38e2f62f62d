"""Whether an edge is ready: it knows what is young enough, and can keep what it must. It asks no centre.

It is the age of what is known that counts, not whether a socket is open. What is said here is for anyone who asks:
fixed words and codes, no name, no path, no value.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

#: A call of the store that has been under way for longer comes from a disk or a server that is silent [s].
_SILENT_S: Final = 10


@attrs.frozen
class Lack:
    """
    One reason why an edge is not ready.

    Attributes:
        part: What lacks: `edge`, `decisions`, `pack`, `store` or `consents`.
        code: What is wrong, in a word that stays the same.
        says: What that means.
    """

    part: str
    code: str
    says: str


def lacks(status: Mapping[str, Any]) -> Iterator[Lack]:
    """
    Yield why an edge is not ready; nothing if it is.

    Args:
        status: What `Edge.status` returns.
    """
    if not status["open"]:
        yield Lack("edge", "closed", "the edge is closed: it decides nothing")
    if status["careful"]:
        yield Lack("decisions", "careful", "all decisions are careful: the policy is too old, or a guardrail is broken")
    if not status.get("pack", {}).get("ready", True):
        yield Lack("pack", "nobody-known", "nobody is known by the kiosk's pack; its status says why, and what to do")
    yield from _of_store(status.get("store", {}))
    centre = status.get("centre")
    if centre is not None and "ready" in centre and not centre["ready"]:
        is_known = centre["consents"]["age_s"] is not None
        says = (
            "consents are older than they may be" if is_known else "the centre was not heard since this machine began"
        )
        yield Lack(
            "consents", "too-old" if is_known else "not-heard", f"{says}; they count as not given, sooner or later"
        )


def _of_store(store: Mapping[str, Any]) -> Iterator[Lack]:
    for part, says in (
        ("writes", "the edge's own store takes nothing: what is shown and said is not kept"),
        ("reads", "the edge's own store cannot be read: who is not in memory is nobody"),
    ):
        told = store.get(part)
        if told is None:
            continue
        if told["last_error"]:
            yield Lack("store", told["last_error"], says)
        elif (told["under_way_s"] or 0) > _SILENT_S:
            yield Lack("store", "silent", "the edge's own store has not answered for a while: it may keep nothing")
