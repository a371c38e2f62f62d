"""Leases: the use of an attribute, and of what is derived from it, ends unless the customer got value for it.

They are requirements like a guardrail's; whether value was given is with each observation.
"""

from collections.abc import Iterator

from ..catalog import Catalog
from ..expr import TRUE, Expr
from ..limits import Limit, Require
from ..schema import Sensitivity

_SAY = "What you told us, and got nothing for, we no longer use."


def leased(catalog: Catalog) -> Iterator[tuple[str, Expr, Limit, str, str]]:
    """Yield what each lease requires."""
    attributes = catalog.policy.attributes
    for attribute in attributes:
        if attribute.lease_s is not None:
            names = tuple(one.name for one in attributes if attribute.name in catalog.origins(one.name))
            reason = f"the lease of {attribute.name} has ended: no value was given for it"
            secret = any(catalog.sensitivity(name) > Sensitivity.ORDINARY for name in names)
            say = "" if secret else _SAY  # of something sensitive no word, as it would tell that it is on record
            yield f"core.lease.{attribute.name}", TRUE, Require(names, lease_s=attribute.lease_s), reason, say
