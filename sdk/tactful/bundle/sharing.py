"""Sharing: rules and texts that come again and again in one bundle are one object each. It reads nothing itself.

Thousands of offers have the same owner, the same topic, the same rule: less memory, less to search for garbage.
Nothing is shared between two bundles: what somebody did to the objects of one is none of the other's business.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

import msgpack

from ..expr import Expr


class _Sharing(threading.local):
    """What a thread has read so far of one bundle; entered for each."""

    def __init__(self) -> None:
        self._rules: dict[bytes, Expr] = {}
        self._texts: dict[str, str] = {}

    def __enter__(self) -> None:
        self._rules, self._texts = {}, {}

    def __exit__(self, *_: object) -> None:
        self._rules, self._texts = {}, {}

    def text(self, text: str) -> str:
        """Return a text, the same object for equal ones."""
        return self._texts.setdefault(text, text)

    def rule(self, plain: Any, read: Callable[[Any], Expr]) -> Expr:
        """Return the rule that `read` makes of plain values, read once for the same bytes."""
        try:
            packed: bytes = msgpack.packb(plain)
        except (ValueError, TypeError, OverflowError):  # nothing that was packed before
            return read(plain)
        known = self._rules.get(packed)
        if known is None:
            known = self._rules[packed] = read(plain)
        return known


sharing: Final = _Sharing()
