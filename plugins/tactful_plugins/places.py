"""What in a policy tells where a customer is, and which treatments use it. It limits nothing: `helicoptering` does."""

from collections.abc import Iterable

import attrs

from tactful import Catalog, PluginError, Precision, Scope, Sensitivity, ValueType

_LITERALS = {ValueType.INT: "{}", ValueType.NUMBER: "{}.0", ValueType.DURATION: 'duration("{}s")'}


@attrs.frozen
class Places:
    """What in one policy tells where a customer is, by the `location` of its schema."""

    _catalog: Catalog

    def known(self, precision: Precision) -> tuple[str, ...]:
        """Return the attributes that tell of a place so closely, themselves or by what they are derived from."""
        return tuple(a.name for a in self._catalog.policy.attributes if self._precision(a.name) is precision)

    def of_the_moment(self, precision: Precision) -> Scope:
        """Return the treatments whose rules or text read a place so close in the context."""
        names = {f"context.{a.name}" for a in self._catalog.policy.context if a.location is precision}
        return self._catalog.where(lambda entry: not names.isdisjoint(self._catalog.reads(entry)))

    def used(self, precision: Precision) -> Scope:
        """Return the treatments whose rules or text read a place so close, in the context or in the profile."""
        names = frozenset(self.known(precision))
        knowing = self._catalog.where(lambda entry: not names.isdisjoint(entry.labels.evidence | entry.labels.shows))
        return self.of_the_moment(precision) | knowing

    def late(self, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return these attributes, those that tell of a place, and what is derived from any: ordinary, sensitive."""
        first = {*names, *(a.name for a in self._catalog.policy.attributes if a.location is not None)}
        found = [a.name for a in self._catalog.policy.attributes if not first.isdisjoint(self._catalog.origins(a.name))]
        ordinary = tuple(name for name in found if self._catalog.sensitivity(name) is Sensitivity.ORDINARY)
        return ordinary, tuple(name for name in found if name not in ordinary)

    def seconds(self, name: str, seconds: int) -> str:
        """Return a length of time as rules compare it with an attribute of the context."""
        return _LITERALS[self._context()[name]].format(seconds)

    def know(self, dwell: str, spot: str, delayed: Iterable[str]) -> None:
        """Refuse a name that is not there, or is of no use: what limits nothing would look like a limit."""
        context, attributes = self._context(), {a.name for a in self._catalog.policy.attributes}
        if dwell and context.get(dwell) not in _LITERALS:
            raise PluginError(f"dwell_attribute: the context has no number of seconds {dwell!r}")
        if spot and context.get(spot) is not ValueType.BOOL:
            raise PluginError(f"spot: the context has no truth {spot!r}")
        for name in delayed:
            if name not in attributes:
                raise PluginError(f"delayed: there is no attribute {name!r}")

    def _context(self) -> dict[str, ValueType]:
        return {a.name: a.type for a in self._catalog.policy.context}

    def _precision(self, name: str) -> Precision | None:
        """Return how closely an attribute tells of a place; the closest of what it is derived from counts."""
        specs = {a.name: a.location for a in self._catalog.policy.attributes}
        found = {specs.get(origin) for origin in self._catalog.origins(name)}
        return next((precision for precision in (Precision.PRECISE, Precision.COARSE) if precision in found), None)
