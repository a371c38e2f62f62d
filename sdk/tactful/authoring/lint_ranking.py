"""What the linter thinks about ranking and kinds of moment: weights of what nobody expects, kinds that nothing is."""

from collections.abc import Iterator

from ..names import hint_for
from ..policy import Policy
from .findings import Finding
from .told import listed, word


def ranking_found(policy: Policy) -> Iterator[Finding]:
    """Yield what counts for nothing, since no offer is that way."""
    for name in ("satisfaction", "retention"):
        if getattr(policy.ranking, name) > 0 and all(getattr(offer, name) is None for offer in policy.offers):
            reason = "it weighs what no offer says of itself, so it changes nothing"
            yield Finding("weight-idle", f"ranking {name}", reason, f"say `{name}:` of offers, or leave it out")
    yield from _tags(policy)
    there = {offer.moment for offer in policy.offers}
    asked = [(f"placement {placement.name}", placement.moments) for placement in policy.placements]
    terms = () if policy.ranking.model is None else policy.ranking.model.terms
    asked += [(f"term {number}", term.moments) for number, term in enumerate(terms, 1)]
    asked += [(f"boost {number}", boost.moments) for number, boost in enumerate(policy.ranking.boosts, 1)]
    for about, kinds in asked:
        if kinds and there.isdisjoint(kinds):
            reason = f"no offer is of a kind of moment that it names: {listed(map(word, kinds))}"
            yield Finding("moment-idle", about, reason, "say `moment:` of the offers that it is for")


def _tags(policy: Policy) -> Iterator[Finding]:
    there = {tag for offer in policy.offers for tag in offer.tags}
    terms = () if policy.ranking.model is None else policy.ranking.model.terms
    asked = [(f"term {number}", term.tags) for number, term in enumerate(terms, 1)]
    asked += [(f"boost {number}", boost.tags) for number, boost in enumerate(policy.ranking.boosts, 1)]
    for about, tags in asked:
        if gone := [tag for tag in tags if tag not in there]:
            reason = f"no offer has a tag that it names: {listed(gone)}"
            yield Finding(
                "tag-idle", about, reason, hint_for(gone[0], there) or "say `tags:` of the offers that it is for"
            )
