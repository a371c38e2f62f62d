"""Enriching: attributes that a plugin works out of others, when a customer is fetched. No decision waits for it to end.

Where a value comes from, how old and how sure it is, no plugin says: that follows from what it was worked out of, and
from the schema. One that fails in any way leaves what it would have given unknown, which restricts.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

import attrs

from .asking import Turn, Unanswered, ask
from .checked import is_share
from .errors import PluginError, ValueRefused
from .hookspecs import Enricher
from .policy import EnricherUse, Policy
from .profile import Observation, Snapshot
from .registry import Brought, Registry
from .schema import Attribute, Source, Value, check_value

#: The longest that an enricher is waited for, for one customer [s]; after that it is not asked again.
PATIENCE_S: Final = 0.5
#: So many attributes are read and given at most.
NAMES_MAX: Final = 64
_SOURCES: Final = (Source.DERIVED, Source.MODELLED)


@attrs.frozen(repr=False)
class Derived:
    """
    A value that an enricher is not sure of.

    Attributes:
        value: The value.
        confidence: How sure it is, 0 to 1; it counts no more than that of what it was worked out of.
    """

    value: Value
    confidence: float


class Enriching:
    """
    An enricher under one policy.

    Attributes:
        use: How the policy names it.
        failed: So often it could not be relied on.
    """

    __slots__ = ("_ask", "_failing", "_schema", "failed", "use")

    def __init__(self, use: EnricherUse, schema: Mapping[str, Attribute], enricher: Enricher | None) -> None:
        self.use = use
        self.failed = 0
        self._schema = schema
        self._ask = enricher
        self._failing = enricher is None

    def __call__(self, snapshot: Snapshot, now_us: int, turn: Turn) -> Snapshot:
        """Return a snapshot with what it gives; of what it cannot give nothing is known."""
        wanted = [name for name in self.use.gives if name not in snapshot.attributes]
        there = [snapshot.attributes[name] for name in self.use.reads if self._exists(snapshot, name, now_us)]
        if not wanted or not (there or self._failing):
            return snapshot
        try:
            given = self._given(snapshot, there, now_us, turn)
        except PluginError:
            self.failed += 1
            return attrs.evolve(snapshot, unreadable=snapshot.unreadable.union(wanted))
        new = {name: given[name] for name in wanted if name in given}
        return attrs.evolve(snapshot, attributes={**snapshot.attributes, **new})

    def _exists(self, snapshot: Snapshot, name: str, now_us: int) -> bool:
        seen, spec = snapshot.attributes.get(name), self._schema.get(name)
        if seen is None or spec is None:
            return False
        return spec.max_age_s is None or now_us - seen.at_us <= spec.max_age_s * 1_000_000

    def _given(
        self, snapshot: Snapshot, there: list[Observation], now_us: int, turn: Turn
    ) -> Mapping[str, Observation]:
        if self._failing or self._ask is None:
            raise PluginError("it is broken")
        enricher = self._ask
        known = {
            name: _copied(snapshot.attributes[name].value)
            for name in self.use.reads
            if self._exists(snapshot, name, now_us)
        }
        try:
            answer = ask(lambda: _answered(enricher.enrich(known), self.use.gives), turn, PATIENCE_S)
        except Unanswered:
            self._failing = True  # a hang costs one thread, and one wait
            raise
        return {name: self._observed(name, one, there) for name, one in answer.items()}

    def _observed(self, name: str, one: Derived, there: list[Observation]) -> Observation:
        spec = self._schema[name]
        try:
            value = check_value(spec.type, one.value)
        except ValueRefused:
            raise PluginError(f"{name} does not fit its type") from None
        return Observation(
            value,
            spec.source,
            min(seen.at_us for seen in there),
            min(one.confidence, *(seen.confidence for seen in there)),
            first_party=all(seen.first_party for seen in there),
        )


@attrs.frozen
class Enrichers:
    """
    All enrichers of a policy.

    Attributes:
        each: One by one, each with what is held while its code runs.
        careful: Which of them are broken, and why.
    """

    each: tuple[tuple[Enriching, Turn], ...] = ()
    careful: tuple[str, ...] = ()

    def __call__(self, snapshot: Snapshot, now_us: int) -> Snapshot:
        """Return a snapshot with what all of them give; none of them sees what another one gives."""
        for enriching, turn in self.each:
            snapshot = enriching(snapshot, now_us, turn)
        return snapshot

    def not_asked(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot of which they were not asked: what they would have given is unknown, not absent."""
        gives = {name for one, _ in self.each for name in one.use.gives} - snapshot.attributes.keys()
        return attrs.evolve(snapshot, unreadable=snapshot.unreadable | gives) if gives else snapshot

    def status(self) -> Mapping[str, int]:
        """Return how often each could not be relied on, by name."""
        return {one.use.name: one.failed for one, _ in self.each}


#: Those of a policy that names none.
NO_ENRICHERS: Final = Enrichers()


def enrichers_of(policy: Policy, registry: Registry) -> Enrichers:
    """Return a policy's enrichers; one that is broken gives nothing, and what it would have given is unknown."""
    each, careful = [], []
    schema = {one.name: one for one in policy.attributes}
    for use in policy.enrichers:
        enricher, turn = None, Turn()
        try:
            enricher, brought = _made(use, policy, registry)
            turn = brought.turn
        except PluginError as error:
            careful.append(f"enricher {use.name}: {error}")
        each.append((Enriching(use, schema, enricher), turn))
    return Enrichers(tuple(each), tuple(careful))


def declared(use: EnricherUse, policy: Policy, registry: Registry) -> EnricherUse:
    """
    Return a use with what its enricher reads and gives, as the schema lets it.

    Raises:
        PluginError: If it is absent, of another version, refuses its settings, raises, or the schema does not let it.
    """
    made = registry.made(use.plugin, policy.values.dial, "enricher")
    brought = registry.enrichers[use.name]
    try:
        reads, gives = ask(lambda: (_names(made.reads()), _names(made.gives())), brought.turn, registry.patience_s)  # type: ignore[union-attr]
    except PluginError as error:
        raise PluginError(f"enricher {use.name!r} of {brought}, reads() and gives(): {error}") from None
    found = attrs.evolve(use, reads=reads, gives=gives)
    if (why := misfit(found, policy)) is not None:
        raise PluginError(f"enricher {use.name!r} of {brought}: {why}")
    return found


def misfit(use: EnricherUse, policy: Policy) -> str | None:
    """Return why the schema does not let an enricher read and give what it does; None if it lets it."""
    schema = {one.name: one for one in policy.attributes}
    others = [one for one in policy.enrichers if one.name != use.name]
    if (gone := next((name for name in (*use.reads, *use.gives) if name not in schema), None)) is not None:
        return f"there is no attribute {gone!r}"
    if any({*use.reads, *use.gives} & {*one.gives} or {*use.gives} & {*one.reads} for one in others):
        return "another enricher gives what it reads or gives"
    if not use.reads or not use.gives:
        return "it reads or gives nothing"
    for spec in (schema[name] for name in use.gives):
        if spec.source not in _SOURCES:
            return f"{spec.name} is {spec.source.value}, not derived or modelled: say `source: derived` in the profile"
        if lacking := [name for name in use.reads if name not in spec.derived_from]:
            return f"{spec.name} is not declared as derived from {', '.join(lacking)}"
        for origin in (schema[name] for name in use.reads):
            if origin.purposes and not (spec.purposes and set(spec.purposes) <= set(origin.purposes)):
                return f"{spec.name} may be read for purposes for which {origin.name} may not"
    return None


def _made(use: EnricherUse, policy: Policy, registry: Registry) -> tuple[Any, Brought]:
    """Return an enricher that reads and gives what the policy says, and where it comes from."""
    now = declared(use, policy, registry)
    brought = registry.enrichers[use.name]
    if (now.reads, now.gives) != (use.reads, use.gives):
        raise PluginError(f"of {brought}: it reads or gives something else than when the policy was compiled")
    return registry.made(use.plugin, policy.values.dial, "enricher"), brought


def _answered(answer: object, gives: tuple[str, ...]) -> dict[str, Derived]:
    """Return an answer as a copy of values with their confidence, if it is one."""
    if type(answer) is not dict or not answer.keys() <= set(gives):
        raise PluginError("enrich() does not return a dict of what it gives")
    found = {}
    for name, one in answer.items():
        sure = Derived(_copied(one.value), one.confidence) if type(one) is Derived else Derived(_copied(one), 1.0)
        if not is_share(sure.confidence):
            raise PluginError("enrich(): a confidence is not from 0 to 1")
        found[name] = sure
    return found


def _copied(value: Any) -> Any:
    """Return a value that nobody else can change."""
    return dict(value) if isinstance(value, Mapping) else value


def _names(answer: Iterable[object]) -> tuple[str, ...]:
    names = tuple(islice(answer, NAMES_MAX + 1))
    if len(names) > NAMES_MAX or not all(type(one) is str for one in names):
        raise PluginError(f"these are not names of at most {NAMES_MAX} attributes")
    return tuple(dict.fromkeys(map(str, names)))
