"""Makes a case that shows a difference smaller, while it shows one: fewest steps, offers, limits."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import attrs

from ...policy import PluginUse, Policy
from ..generators.cases import Case, Step, Update
from .compare import RAISED, Difference, first_difference

#: So many smaller cases are tried at most.
TRIES_MAX = 600
_Item = TypeVar("_Item")


def shrunk(difference: Difference, tries_max: int = TRIES_MAX) -> Difference:
    """Return a difference in a case that is as small as was found: another one maybe, but no crash in its place."""
    best, tries, smaller = difference, 0, True
    while smaller:
        smaller = False
        for case in _smaller(best):
            if tries >= tries_max:
                return best
            tries += 1
            found = first_difference(case)
            if found is not None and (found.what == RAISED) is (difference.what == RAISED):
                best, smaller = found, True
                break
    return best


def _smaller(difference: Difference) -> Iterator[Case]:
    """Yield cases that lack something of a difference's case, those that lack much first."""
    case = attrs.evolve(difference.case, seed=None)
    if difference.step + 1 < len(case.steps):
        yield attrs.evolve(case, steps=case.steps[: difference.step + 1])
        return  # what comes after the difference has no part in it
    for steps in _fewer(case.steps):
        yield attrs.evolve(case, steps=steps)
    for contacts in _fewer(case.contacts):
        yield attrs.evolve(case, contacts=contacts)
    for ids in _fewer(_offer_ids(case)):
        yield _in_every_policy(case, partial(_with_offers, ids))
    for uses in _fewer(case.policy.guardrails):
        yield attrs.evolve(case, policy=attrs.evolve(case.policy, guardrails=uses))
    for use in case.policy.guardrails:
        for asks in _fewer(_asks(use)):
            changed = tuple(_asking(one, asks) if one is use else one for one in case.policy.guardrails)
            yield attrs.evolve(case, policy=attrs.evolve(case.policy, guardrails=changed))
    if case.policy.ranking.model is not None:
        ranking = attrs.evolve(case.policy.ranking, model=None)
        yield attrs.evolve(case, policy=attrs.evolve(case.policy, ranking=ranking))
    for boosts in _fewer(case.policy.ranking.boosts):
        ranking = attrs.evolve(case.policy.ranking, boosts=boosts)
        yield attrs.evolve(case, policy=attrs.evolve(case.policy, ranking=ranking))


def _fewer(items: Sequence[_Item]) -> Iterator[tuple[_Item, ...]]:
    """Yield the items without one half, a quarter …, and at last without each single one."""
    length = len(items) // 2
    while length >= 1:
        for start in range(0, len(items), length):
            yield (*items[:start], *items[start + length :])
        length //= 2
    if len(items) == 1:
        yield ()


def _offer_ids(case: Case) -> tuple[str, ...]:
    return tuple(dict.fromkeys(offer.id for policy in _policies(case) for offer in policy.offers))


def _policies(case: Case) -> list[Policy]:
    return [case.policy, *(step.policy for _, step in case.steps if isinstance(step, Update))]


def _in_every_policy(case: Case, change: Callable[[Policy], Policy]) -> Case:
    def changed(step: Step) -> Step:
        return Update(change(step.policy)) if isinstance(step, Update) else step

    return attrs.evolve(
        case, policy=change(case.policy), steps=tuple((at_us, changed(step)) for at_us, step in case.steps)
    )


def _with_offers(ids: Sequence[str], policy: Policy) -> Policy:
    return attrs.evolve(policy, offers=tuple(offer for offer in policy.offers if offer.id in ids))


def _asks(use: PluginUse) -> tuple[object, ...]:
    asks = use.settings.get("asks", ())
    return asks if isinstance(asks, tuple) else ()


def _asking(use: PluginUse, asks: Sequence[object]) -> PluginUse:
    return attrs.evolve(use, settings={**use.settings, "asks": tuple(asks)})
