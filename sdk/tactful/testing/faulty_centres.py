"""Centres that fail as real ones do: they lie, flap, hang, and lose answers. Each wraps a centre that is well."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from threading import Event
from typing import Any, Final

import attrs

from ..centre_ports import Centre
from ..changes import Change, Changes, Delivery, Line, Split
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import CentreError

_FAR: Final = 2**40


class WrappedCentre:
    """A centre that passes every call on, and counts them by name."""

    def __init__(self, inner: Centre) -> None:
        self._inner = inner
        self.calls: Counter[str] = Counter()

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch."""
        self.calls["changes"] += 1
        return self._inner.changes(line, after, count)

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Keep events."""
        self.calls["deliver"] += 1
        return self._inner.deliver(events)

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait for a hint."""
        self.calls["wait"] += 1
        return self._inner.wait(line, after, timeout_s)

    def close(self) -> None:
        """Give back connections."""
        self._inner.close()


#: What a lying centre makes of an answer, by the name of the lie.
_LIES: Final[dict[str, Callable[[Any, int], object]]] = {
    "went-back": lambda told, after: attrs.evolve(told, changes=(), epoch=max(0, after - 1)),
    "epochs-fall": lambda told, _: attrs.evolve(told, changes=told.changes[::-1]),
    "told-before": lambda told, after: attrs.evolve(
        told, changes=tuple(attrs.evolve(one, epoch=after) for one in told.changes)
    ),
    "beyond-its-own": lambda told, _: attrs.evolve(
        told, changes=tuple(attrs.evolve(one, epoch=_FAR + one.epoch) for one in told.changes)
    ),
    "too-many": lambda told, _: attrs.evolve(told, changes=told.changes * 10_000),
    "unknown": lambda told, _: attrs.evolve(
        told, changes=tuple(attrs.evolve(one, told="something new") for one in told.changes)
    ),
    "other-line": lambda told, _: attrs.evolve(
        told, changes=tuple(Change(one.epoch, one.customer, Split()) for one in told.changes)
    ),
    "broken-records": lambda told, _: attrs.evolve(
        told,
        changes=tuple(attrs.evolve(one, told=attrs.evolve(one.told, records=("yes",))) for one in told.changes),
    ),
    "endless": lambda told, _: attrs.evolve(told, changes=(), is_complete=False),
    "no-answer": lambda _, __: {"changes": []},
}


class LyingCentre(WrappedCentre):
    """
    A centre whose answers cannot be true, or that speaks of events that it was not given.

    Attributes:
        lie: The name of the lie, one of `lies`; empty for the truth.
    """

    lies: Final = (*_LIES, "other-events", "two-answers")

    def __init__(self, inner: Centre, lie: str = "") -> None:
        super().__init__(inner)
        self.lie = lie

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, or a lie."""
        told = super().changes(line, after, count)
        return _LIES[self.lie](told, after) if self.lie in _LIES else told  # type: ignore[return-value]

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Keep events, or lie about them."""
        if self.lie == "other-events":
            return Delivery(frozenset({"nobody's"}))
        if self.lie == "two-answers":
            return Delivery(frozenset(one.id for one in events), {one.id: "bad" for one in events})
        return super().deliver(events)


class FlappingCentre(WrappedCentre):
    """
    A centre that is up and down.

    Attributes:
        up: Whether each of the next calls comes through; after the last of them, all do.
        down: The names of the calls that never come through, such as "deliver".
        retry_after_s: What it wants when it is down [s].
    """

    def __init__(self, inner: Centre, up: Iterable[bool] = (), *, down: Iterable[str] = ()) -> None:
        super().__init__(inner)
        self.up = chain(up, repeat(object=True))
        self.down = set(down)
        self.retry_after_s: float | None = None

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, if it comes through."""
        self._come_through("changes")
        return super().changes(line, after, count)

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Keep events, if they come through."""
        self._come_through("deliver")
        return super().deliver(events)

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait for a hint, if it comes through."""
        self._come_through("wait")
        return super().wait(line, after, timeout_s)

    def _come_through(self, name: str) -> None:
        if name in self.down or not next(self.up):
            self.calls[name] += 1
            raise CentreError("there is no way to the centre", code="centre-down", retry_after_s=self.retry_after_s)


class LossyCentre(WrappedCentre):
    """
    A centre that keeps events whose answer is lost on the way back, or hears them twice and in another order.

    Attributes:
        lost: Whether the answer to each of the next deliveries is lost; after the last of them, none is.
    """

    def __init__(self, inner: Centre, lost: Iterable[bool] = ()) -> None:
        super().__init__(inner)
        self.lost = chain(lost, repeat(object=False))
        self._before: Sequence[Contact | Disclosure] = ()

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Keep events, and those of before once more; then perhaps lose the answer."""
        self._inner.deliver(self._before[::-1])
        self._before = events
        answer = super().deliver(events)
        if next(self.lost):
            raise CentreError("the connection broke before the answer came", code="centre-down")
        return answer


class SlowCentre(WrappedCentre):
    """
    A centre in which some calls hang until they are released.

    Attributes:
        hanging: The names of the calls that hang, such as "deliver".
        reached: Set when a call hangs.
        released: Set to let them go.
    """

    def __init__(self, inner: Centre, hanging: Iterable[str]) -> None:
        super().__init__(inner)
        self.hanging = set(hanging)
        self.reached = Event()
        self.released = Event()

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, in the end."""
        self._hang("changes")
        return super().changes(line, after, count)

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Keep events, in the end."""
        self._hang("deliver")
        return super().deliver(events)

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait for a hint, for as long as it likes."""
        self._hang("wait")
        return super().wait(line, after, timeout_s)

    def _hang(self, name: str) -> None:
        if name in self.hanging:
            self.reached.set()
            self.released.wait()
