"""What the policy sets beside its guardrails, and what each of these settings is there for.

Each is taken out alone, and the policy's own tests are decided again: what is shown otherwise in none of them would be
a setting without a story. On how many decisions of the day a limit acted is counted apart (`rounds.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

import tactful
from tactful import Offer, Policy
from tactful.authoring import Suite, decide_for

from .leases import without_leases
from .rounds import Progress

_MANY = 1_000_000
_ALWAYS = attrs.fields(Offer).when.default
Slates = list[tuple[tuple[str, str], ...]]


@attrs.frozen
class Setting:
    """
    One setting.

    Attributes:
        name: What it is called in the report.
        without: Returns a policy without it.
        limit: The id of the limit that it makes, or empty.
    """

    name: str
    without: Callable[[Policy], Policy]
    limit: str = ""


def settings_of(policy: Policy) -> Iterator[Setting]:
    """Yield the policy's caps, and what else it sets on purpose."""
    for name in _guardrail(policy, "overcrowding")["caps"]:
        yield Setting(f"cap {name}", _never_reached(name), f"overcrowding.{name}")
    yield Setting("quiet hours", lambda it: _with(it, "overcrowding", quiet=None), "overcrowding.quiet_hours")
    yield Setting("measured sources", lambda it: _with(it, "accuracy", measured={}))
    yield Setting("leases", without_leases)
    yield Setting("questions", lambda it: attrs.evolve(it, offers=tuple(map(_known_or_not, it.offers))))
    yield Setting("holdouts", lambda it: attrs.evolve(it, holdouts=()))
    yield Setting("satisfaction", lambda it: _ranked(it, satisfaction=0.0))
    yield Setting("retention", lambda it: _ranked(it, retention=0.0))
    yield Setting("boosts", lambda it: _ranked(it, boosts=()))


def effects(suite: Suite, acted: Mapping[str, int], progress: Progress) -> Iterator[dict[str, object]]:
    """
    Yield for each setting in how many of the policy's tests something else is shown without it, and one of these.

    Args:
        suite: The policy with its tests.
        acted: By limit, on how many decisions of the day it acted.
        progress: Is told how many settings are done.
    """
    kept, found = slates(suite, suite.policy), list(settings_of(suite.policy))
    for done, setting in enumerate(found, 1):
        loose = slates(suite, setting.without(suite.policy))
        stories = [test.title for test, a, b in zip(suite.tests, kept, loose, strict=True) if a != b]
        yield {
            "name": setting.name,
            "tests": len(stories),
            "story": stories[0] if stories else "",
            "acted": acted.get(setting.limit, 0) if setting.limit else None,
        }
        progress(done, len(found))


def slates(suite: Suite, policy: Policy) -> Slates:
    """Return what is shown in each of the policy's tests, by this policy in its place: offer and title."""
    now_us = 0
    with tactful.open(policy, registry=suite.registry, clock=lambda: now_us) as edge:
        found: Slates = []
        for test in suite.tests:
            now_us = tactful.wall_clock() if test.at_us is None else test.at_us
            decision = decide_for(edge, test.placements, test.persona, test.context, now_us)
            found.append(tuple((pick.offer, str(pick.content.get("title"))) for pick in decision.picks))
        return found


def _guardrail(policy: Policy, name: str) -> Mapping[str, Any]:
    return next(use.settings for use in policy.guardrails if use.name == name)


def _with(policy: Policy, name: str, **settings: object) -> Policy:
    """Return a policy with other settings of one guardrail."""
    uses = (
        attrs.evolve(use, settings={**use.settings, **settings}) if use.name == name else use
        for use in policy.guardrails
    )
    return attrs.evolve(policy, guardrails=tuple(uses))


def _never_reached(name: str) -> Callable[[Policy], Policy]:
    """Return what makes a cap so large that nobody reaches it; what comes in instead goes on waiting."""

    def without(policy: Policy) -> Policy:
        caps = _guardrail(policy, "overcrowding")["caps"]
        return _with(policy, "overcrowding", caps={**caps, name: {**caps[name], "count": _MANY}})

    return without


def _known_or_not(offer: Offer) -> Offer:
    """Return an offer that asks everybody, also who told it long ago."""
    return attrs.evolve(offer, asks="", moment=None, when=_ALWAYS) if offer.asks else offer


def _ranked(policy: Policy, **ranking: Any) -> Policy:
    return attrs.evolve(policy, ranking=attrs.evolve(policy.ranking, **ranking))
