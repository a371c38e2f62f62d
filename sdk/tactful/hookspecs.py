"""The hooks of tactful. A plugin is asked once, when a plan is built; no hook runs in a decision."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    from .catalog import Catalog
    from .limits import LimitRule, Scope

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
