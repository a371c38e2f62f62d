"""In hand: units of room under strict caps, and the offers for which there are some, as sets. It asks nobody."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heappop, heappush

from ..clock import NEVER_US
from ..plan.caps import CapPlan, Reach
from .limited import Reached, without_room
from .room import CapKey


def reached_without(cap: CapPlan, channel: str, some: int, has: Callable[[CapKey], object]) -> Iterator[Reached]:
    """
    Yield what a strict cap does on a channel for want of room in hand; for all offers it is one thing.

    Args:
        cap: The cap.
        channel: The channel's name.
        some: For a cap that counts offers, the treatments of those that have room.
        has: For any other, tells whether a value has room.
    """
    if cap.wholly is None:
        for value, reach in cap.reached.items():
            if cap.limits_on(channel, value) and not has((cap.number, value)):
                yield without_room(cap, reach)
    elif cap.limits_on(channel, "") and cap.cap.scope.bits & ~some:
        yield without_room(cap, Reach(cap.wholly.withheld & ~some, cap.wholly.blind & ~some))


def limited_by(cap: CapPlan, value: str) -> int:
    """Return the treatments that a cap limits for a value; none if it limits nothing for it."""
    reach = cap.reached.get(value)
    return 0 if reach is None else reach.withheld | reach.blind


class InHand:
    """The units that are in hand, by cap and value; for caps that count offers, also as sets of treatments."""

    __slots__ = ("_caps", "_ends", "_enough", "_held", "_some", "_targets")

    def __init__(self, targets: Mapping[int, int], caps: Sequence[CapPlan]) -> None:
        """
        Begin with nothing.

        Args:
            targets: By the number of a cap, how many units for each value are wanted; half of them are enough.
            caps: The caps.
        """
        self._caps = {cap.number: cap for cap in caps}
        self._targets = targets
        #: Units by what they are for: until when each may be taken [us], and its name.
        self._held: dict[CapKey, deque[tuple[int, str]]] = {}
        #: When units lapse, the earliest first; some were taken meanwhile.
        self._ends: list[tuple[int, CapKey]] = []
        self._some = dict.fromkeys(self._caps, 0)
        self._enough = dict.fromkeys(self._caps, 0)

    def count(self) -> int:
        """Return how many units there are."""
        return sum(map(len, list(self._held.values())))

    def of(self, key: CapKey) -> int:
        """Return how many units there are for a value of a cap."""
        held = self._held.get(key)
        return 0 if held is None else len(held)

    def some(self, cap: CapPlan) -> int:
        """Return the treatments of offers for which there are units."""
        return self._some[cap.number]

    def enough(self, cap: CapPlan) -> int:
        """Return the treatments of offers for which there are enough units."""
        return self._enough[cap.number]

    def keys(self) -> list[CapKey]:
        """Return what there are units for."""
        return sorted(self._held)

    def lapse(self, now_us: int) -> int:
        """Let go of units whose time is over; return when more of them will be [us since 1970]."""
        while self._ends:
            ends_us, key = self._ends[0]
            held = self._held.get(key)
            if held is not None and held[0][0] <= ends_us:
                if ends_us > now_us:
                    return ends_us
                while held and held[0][0] <= now_us:
                    held.popleft()
                self._note(key, held)
            heappop(self._ends)
        return NEVER_US

    def put(self, key: CapKey, until_us: int, units: Sequence[str]) -> None:
        """Take in units that may be taken until a moment [us since 1970], not before those that are there."""
        if units:
            held = self._held.setdefault(key, deque())
            held.extend((until_us, unit) for unit in units)
            heappush(self._ends, (until_us, key))
            self._note(key, held)

    def take(self, key: CapKey) -> str | None:
        """Take a unit out; None if there is none."""
        held = self._held.get(key)
        if held is None:
            return None
        _, unit = held.popleft()
        self._note(key, held)
        return unit

    def give_back(self) -> list[str]:
        """Let go of everything; return it."""
        units = [unit for held in self._held.values() for _, unit in held]
        self._held, self._ends = {}, []
        self._some = dict.fromkeys(self._caps, 0)
        self._enough = dict.fromkeys(self._caps, 0)
        return units

    def _note(self, key: CapKey, held: deque[tuple[int, str]]) -> None:
        """Keep the sets true to what there is for a value."""
        number, value = key
        cap = self._caps[number]
        if cap.wholly is not None:
            bits = limited_by(cap, value)
            self._some[number] = _with(self._some[number], bits, bool(held))
            self._enough[number] = _with(self._enough[number], bits, 2 * len(held) >= self._targets[number])
        if not held:
            self._held.pop(key, None)


def _with(bits: int, some: int, there: bool) -> int:  # noqa: FBT001 - of a set
    return bits | some if there else bits & ~some
