"""What a plugin is shown of a catalog, and whether it was changed there. It asks no plugin."""

import copy

import attrs

from .catalog import Catalog


def shown_of(catalog: Catalog) -> Catalog:
    """Return a catalog to show to one guardrail: what can be changed in it, the settings of all, is a copy."""
    uses = tuple(attrs.evolve(use, settings=copy.deepcopy(dict(use.settings))) for use in catalog.policy.guardrails)
    return Catalog(attrs.evolve(catalog.policy, guardrails=uses), catalog.entries)


def parts_of(shown: Catalog) -> tuple[object, ...]:
    """Return what tells whether a catalog that was shown has been changed since, as far as it is nobody else's."""
    policy = [id(part) for part in attrs.astuple(shown.policy, recurse=False)]
    return shown.all, id(shown.entries), id(shown.policy), policy, repr(shown.policy.guardrails)
