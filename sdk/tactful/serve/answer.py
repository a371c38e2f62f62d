"""A decision as an app gets it: what to show, why, its token; and what an agent may mention of the customer, or not."""

from collections.abc import Mapping

from ..engine.decision import Decision
from ..engine.why import why_this


def answer_of(decision: Decision, *, for_agent: bool = False) -> Mapping[str, object]:
    """
    Return a decision as JSON.

    It says why of what is shown alone, and not what is lacking or was held back: whether there is such a customer is
    nobody's to try out.

    Args:
        decision: The decision.
        for_agent: Whether to say what somebody who talks to the customer may mention.
    """
    picks = [
        {
            "placement": pick.placement,
            "slot": slot,
            "offer": pick.offer,
            "treatment": pick.treatment,
            "tone": pick.tone.name.lower(),
            "content": dict(pick.content),
            "why": why_this(decision.moment, one),
        }
        for slot, (pick, one) in enumerate(zip(decision.picks, decision.moment.chosen, strict=True))
    ]
    names = dict.fromkeys(one.placement.name for one in decision.moment.page.placements)
    told: dict[str, object] = {
        "id": decision.id,
        "token": decision.token,
        "placements": {name: [dict(content) for content in decision.at(name)] for name in names},
        "picks": picks,
    }
    return told | ({"agent": _for_agent(decision)} if for_agent else {})


def _for_agent(decision: Decision) -> Mapping[str, list[str]]:
    """
    Return what an agent may mention, and what not, in the policy's words for it, each attribute once.

    What the chosen texts themselves show may be said; everything else may not, whether it chose them or was not used at
    all. So the second list depends on the texts alone, and tells nothing of what is on record.
    """
    moment = decision.moment
    entries = [moment.plan.catalog.entries[one.index] for one in moment.chosen]
    shown = {name for entry in entries for name in entry.labels.shows}
    words = {one.name: one.say or one.name.replace("_", " ") for one in moment.plan.policy.attributes}
    may = {words[name] for name in shown if name in words}
    return {"may_mention": sorted(may), "must_not_mention": sorted(set(words.values()) - may)}
