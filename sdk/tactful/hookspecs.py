"""The hooks of tactful. They are asked when a policy is compiled or opened, or a customer fetched; never in a decision.

The names, arguments and meaning of hooks, and of the methods below, hold within a major version: see docs/plugins.md.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    from .catalog import Catalog
    from .enriching import Derived
    from .factors import Factor
    from .limits import LimitRule, Scope
    from .schema import Value

hookspec = pluggy.HookspecMarker("tactful")
hookimpl = pluggy.HookimplMarker("tactful")


class Guardrail(Protocol):
    """
    What a guardrail is: an attrs class whose fields are its settings.

    Class attributes (all optional but `name`):
        name: Its name in a policy.
        tiers: The tiers of governance that it belongs to: values, strategy, execution, infrastructure.
        dial: Defaults of settings by position of the dial, where they differ from the fields' own.
        looser: In which direction each setting loosens, so that `tactful diff` can tell: with `more` or `less` of it
            (a number, a truth, a list, caps by name, a name rather than none), or the words that it can be, from the
            tightest to the loosest. `more of each`, `less of each`: numbers by name, one that is not there is 0.
            `more or none`, `less or none`: not to set it is the loosest. `wider`, `narrower`: a list that means all if
            it names none. `later`, `earlier`: the ends of a part of the day. Of a setting that is not here a change
            cannot be told. One that is itself an attrs class says all this for its own fields.
        tactics: The names of tactics that it knows; an offer can declare those of all installed guardrails.
    """

    name: str

    def scope(self, catalog: "Catalog") -> "Scope":
        """Return all that it may ever limit; withheld if the guardrail breaks."""
        ...

    def limits(self, catalog: "Catalog") -> "Iterable[LimitRule]":
        """Yield its limits."""
        ...

    def sentence(self) -> str:
        """Return its line in the policy document."""
        ...


@hookspec
def tactful_guardrails() -> "Iterable[type[Guardrail]]":
    """Return the classes of guardrails that the plugin brings."""
    return ()


class Ranker(Protocol):
    """
    What a ranker is: an attrs class whose fields are its settings, and `name` its name in a policy.

    It is asked once, when a policy is compiled. Its factors become boosts of the policy: the bundle carries them, and
    an edge needs no ranker.
    """

    name: str

    def factors(self, catalog: "Catalog") -> "Iterable[Factor]":
        """Yield factors on the worth of offers."""
        ...

    def sentence(self) -> str:
        """Return its line in the policy document."""
        ...


class Enricher(Protocol):
    """
    What an enricher is: an attrs class whose fields are its settings, and `name` its name in a policy.

    It is asked when a customer is fetched, for that one customer, and gets no more than the values that it reads. What
    it gives is as old and as sure as the oldest and least sure of them, and comes from where the schema says.
    """

    name: str

    def reads(self) -> "Iterable[str]":
        """Return the attributes that it reads; those that it gives are declared as derived from all of these."""
        ...

    def gives(self) -> "Iterable[str]":
        """Return the attributes that it gives; the schema has each of them as derived or modelled."""
        ...

    def enrich(self, known: "Mapping[str, Value]") -> "Mapping[str, Value | Derived]":
        """Return values by attribute; one that it cannot tell is left out. The same values give the same answer."""
        ...

    def sentence(self) -> str:
        """Return its line in the policy document."""
        ...


@hookspec
def tactful_rankers() -> "Iterable[type[Ranker]]":
    """Return the classes of rankers that the plugin brings."""
    return ()


@hookspec
def tactful_enrichers() -> "Iterable[type[Enricher]]":
    """Return the classes of enrichers that the plugin brings."""
    return ()
