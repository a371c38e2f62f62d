"""Groups of customers for a report: by the value of an attribute, or by bands of a number. It compares nothing."""

from bisect import bisect_right
from collections.abc import Iterable

import attrs

from .errors import UsageError
from .profile import Snapshot
from .schema import Attribute, ValueType

#: The group of those of whom the attribute's value is not known.
UNKNOWN = "not known"
_GROUPED = (ValueType.BOOL, ValueType.TEXT, ValueType.INT, ValueType.NUMBER)


@attrs.frozen
class Grouping:
    """
    How customers are put into groups.

    Attributes:
        attribute: The attribute.
        edges: For a number, where a new band begins, rising; for anything else empty.
    """

    attribute: Attribute
    edges: tuple[float, ...] = ()

    @classmethod
    def read(cls, written: str, attributes: Iterable[Attribute]) -> "Grouping":
        """
        Return what a person wrote, as `kids` or `age:30,60`.

        Raises:
            UsageError: If there is no such attribute, or its values make no groups.
        """
        name, _, edges = written.partition(":")
        attribute = next((one for one in attributes if one.name == name), None)
        if attribute is None or attribute.type not in _GROUPED:
            wrong = "there is no such attribute" if attribute is None else f"a {attribute.type.value} makes no groups"
            raise UsageError(f"{name!r}: {wrong}; name one that holds a text, a number, true or false")
        try:
            bands = tuple(float(edge) for edge in edges.split(",")) if edges else ()
        except ValueError:
            bands = ()
        number = attribute.type in {ValueType.INT, ValueType.NUMBER}
        if number != bool(bands) or list(bands) != sorted(set(bands)) or (edges and not bands):
            right = f"{name}:30,60, with rising numbers" if number else f"{name} alone"
            raise UsageError(f"{written!r} makes no groups; write {right}")
        return cls(attribute, bands)

    def group(self, snapshot: Snapshot | None) -> str:
        """Return the group of a customer, in words."""
        observation = None if snapshot is None else snapshot.attributes.get(self.attribute.name)
        value = self.attribute.absent if observation is None else observation.value
        match value:
            case None:
                return UNKNOWN
            case bool():
                return "yes" if value else "no"
            case int() | float() if self.edges:
                return self._band(value)
        return str(value)

    def _band(self, value: float) -> str:
        at = bisect_right(self.edges, value)
        if at == 0:
            return f"below {self.edges[0]:g}"
        if at == len(self.edges):
            return f"{self.edges[-1]:g} or more"
        return f"{self.edges[at - 1]:g} to below {self.edges[at]:g}"
