"""Three households and what is decided for them: what is shown, why, and what was held back by which boundary.

They are chosen by what is known of them, before anything is decided; the first household by number is taken.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

import tactful
from tactful import Policy

from .consents import agreed, share_of
from .coupons import DEMO_DAY
from .households import Household, Households
from .journey import moment_of
from .rounds import PLACEMENTS, Progress, look
from .variants import without

_OFTEN = 20
#: Reasons that are no boundary: other offers are better, or another way to tell the same.
_PASSED_OVER = ("outranked", "variety", "familiarity")
_RULES = ("when:", "unless:", "content:")


@attrs.frozen
class Plot:
    """A story to tell, and the household that it is told of."""

    title: str
    fits: Callable[[Households, Household], bool]
    about: str


def _tested(households: Households, one: Household) -> bool:
    return agreed(one.number, "offers") and _sent(one) and households.bought_test(one.number, DEMO_DAY, 60)


def _ticked(_: Households, one: Household) -> bool:
    share = share_of(one.number, "offers")
    return share is not None and share.words == "the box was ticked for them" and _sent(one) and _visits(one) >= _OFTEN


def _partner(_: Households, one: Household) -> bool:
    return agreed(one.number, "offers") and agreed(one.number, "partners") and _sent(one) and _visits(one) >= _OFTEN


PLOTS = (
    Plot(
        "Bought a pregnancy test",
        _tested,
        "agreed to offers, and bought a test within the last 60 days. Nobody beside the screen may learn of it",
    ),
    Plot(
        "Never chose to be known",
        _ticked,
        "a regular; the box for offers was ticked for them, which is no consent",
    ),
    Plot(
        "Agreed to everything",
        _partner,
        "a regular, who agreed to offers and to the bank's. Not to use it would be wrong as well",
    ),
)


def tell(policy: Policy, households: Households, progress: Progress) -> Iterator[dict[str, object]]:
    """Yield the stories."""
    everyone = [households.as_of(number, DEMO_DAY) for number in households.numbers]
    now_us = moment_of(DEMO_DAY)
    with (
        tactful.open(policy, clock=lambda: now_us) as edge,
        tactful.open(without(policy), clock=lambda: now_us) as free,
    ):
        for done, plot in enumerate(PLOTS, 1):
            one = next(one for one in everyone if plot.fits(households, one))
            yield {
                "title": plot.title,
                "household": one.number,
                "about": f"Household {one.number}: {_facts(one)}; {plot.about}.",
                "channels": [_on(edge, free, one, channel) for channel in PLACEMENTS],
            }
            progress(done, len(PLOTS))


def together(items: Sequence[Mapping[str, Any]], reason: Callable[[Mapping[str, Any]], str]) -> dict[str, list[Any]]:
    """Return what is shown or held back by its reason, in order, so that a reason is told once."""
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(reason(item), []).append(item)
    return groups


def _on(edge: tactful.Edge, free: tactful.Edge, one: Household, channel: str) -> dict[str, object]:
    decision, unbounded = look(edge, one, channel), look(free, one, channel)
    lines = decision.why().splitlines()
    shown = {pick.offer for pick in decision.picks}
    return {
        "channel": channel,
        "shown": [
            {
                "offer": pick.offer,
                "title": pick.content["title"],
                "tone": pick.tone.name,
                "step": int(pick.tone),
                "basis": pick.basis.name,
                "why": line.rpartition(": ")[2],
            }
            for pick, line in zip(decision.picks, lines, strict=False)
        ],
        "fallback": [] if decision.picks else [dict(content) for content in decision.at(PLACEMENTS[channel])],
        "why": decision.why(),
        "held_back": [
            {"offer": pick.offer, "title": pick.content["title"], "reasons": reasons}
            for pick in unbounded.picks
            if pick.offer not in shown and (reasons := _reasons(edge, decision, pick))
        ],
    }


def _reasons(edge: tactful.Edge, decision: tactful.Decision, wanted: tactful.Pick) -> list[dict[str, str]]:
    """Return what held a treatment back, as an engineer reads it; nothing if others were only better."""
    explanation, plan = decision.explain(), edge.plan
    quotas = {f"quota:{bound.id}": bound.reason for bound in plan.bounds}
    found: dict[str, str] = {}
    for loss in explanation.of(wanted.offer):
        if loss.treatment == wanted.treatment:
            found = {reason.id: quotas.get(reason.id, reason.text) for reason in loss.reasons}
    entry = next(e for e in plan.catalog.entries if (e.offer.id, e.treatment.id) == (wanted.offer, wanted.treatment))
    if any(id_.startswith(_RULES) for id_ in found):  # its rule does not hold: say which boundary hid what it reads
        needs, purpose = entry.labels.evidence | entry.labels.shows, entry.offer.purpose
        for one in explanation.hidden:
            if one.attribute in needs and purpose in (one.purposes or (purpose,)):
                found[one.reason.id] = one.reason.text
    kept = {id_: words for id_, words in found.items() if id_ not in _PASSED_OVER and not id_.startswith(_RULES)}
    return [{"id": id_, "words": kept[id_]} for id_ in sorted(kept)]


def _sent(one: Household) -> bool:
    """Return whether the book of coupons that runs was sent to a household."""
    return "c18" in one.snapshot.attributes["campaigns"].value  # type: ignore[operator] # a list of text


def _visits(one: Household) -> int:
    visits = one.snapshot.attributes.get("visits_90d")
    return visits.value if visits is not None and isinstance(visits.value, int) else 0


def _facts(one: Household) -> str:
    spend = one.snapshot.attributes["spend_90d"].value
    return f"{_visits(one)} visits and ${spend:,.0f} in 90 days"
