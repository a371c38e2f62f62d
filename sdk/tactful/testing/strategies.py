"""Hypothesis strategies for authors of plugins: policies, and what can be known of customers and moments under them.

What they give comes from the generators that hold the engine against its reference. Hypothesis chooses a seed, and how
many offers there are: a failing example gets fewer offers, and otherwise stays as random as it is.
"""

from collections.abc import Mapping
from random import Random

from hypothesis import strategies as st

from ..clock import DAY_US
from ..consent import Consents
from ..contacts import Contact
from ..policy import Policy
from ..profile import Snapshot
from .generators import policies as policies_made
from .generators.chance import NOON_US, Chance
from .generators.customers import Customers
from .generators.words import Words

_SEEDS = st.integers(0, 2**32 - 1)


def policies(*, wild: bool = False, offers_max: int = 8) -> st.SearchStrategy[Policy]:
    """
    Return a strategy of policies without guardrails.

    Args:
        wild: Whether there is anything that the nouns allow: names of nothing, circles, contradictions.
        offers_max: So many offers at most.
    """

    def made(seed: int, offers: int) -> Policy:
        chance = _chance(seed, wild=wild)
        return policies_made.policy(chance, Words.some(chance), offers)

    return st.builds(made, _SEEDS, st.integers(1, offers_max))


def moments_us() -> st.SearchStrategy[int]:
    """Return a strategy of moments around those that the policies speak of [us since 1970]."""
    return st.builds(lambda seed: _chance(seed, wild=False).moment_us(), _SEEDS) | st.integers(
        NOON_US - 30 * DAY_US, NOON_US + 30 * DAY_US
    )


def snapshots(policy: Policy, now_us: int = NOON_US, *, wild: bool = False) -> st.SearchStrategy[Snapshot | None]:
    """Return a strategy of profiles under a policy, as they could be known at a moment; None is not on record."""
    return st.builds(lambda seed: _customers(policy, seed, wild=wild).snapshot(policy, "ann", now_us), _SEEDS)


def consents(policy: Policy, now_us: int = NOON_US, *, wild: bool = False) -> st.SearchStrategy[Consents | None]:
    """Return a strategy of what a customer agreed to under a policy; None is not known."""
    return st.builds(lambda seed: _customers(policy, seed, wild=wild).consents(now_us), _SEEDS)


def contacts(policy: Policy, now_us: int = NOON_US, *, wild: bool = False) -> st.SearchStrategy[tuple[Contact, ...]]:
    """Return a strategy of what has happened with a customer under a policy."""
    return st.builds(lambda seed: _customers(policy, seed, wild=wild).contacts("ann", policy, now_us), _SEEDS)


def contexts(policy: Policy, now_us: int = NOON_US, *, wild: bool = False) -> st.SearchStrategy[Mapping[str, object]]:
    """Return a strategy of what a caller tells of a moment under a policy."""
    return st.builds(lambda seed: _customers(policy, seed, wild=wild).context(now_us), _SEEDS)


def _chance(seed: int, *, wild: bool) -> Chance:
    return Chance(Random(seed), wild)  # noqa: S311 - the same each time


def _customers(policy: Policy, seed: int, *, wild: bool) -> Customers:
    return Customers(_chance(seed, wild=wild), Words.of(policy, wild=wild))
