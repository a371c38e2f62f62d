"""What the linter thinks about events: what could never be kept, and a no that no yes takes back."""

from collections.abc import Iterator

from ..consent import OWN_YES, LegalBasis
from ..policy import Policy
from .findings import Finding


def events_found(policy: Policy) -> Iterator[Finding]:
    """Yield what is odd about what is taken from events."""
    events = policy.events
    purposes = {one.name: one for one in policy.purposes}
    asked = {name for name, one in purposes.items() if one.asks and one.legal_basis is LegalBasis.CONSENT}
    told = {purpose for category in events.consents for purpose in category.purposes}
    specs = {one.name: one for one in policy.attributes}
    for name in dict.fromkeys(feed.attribute for feed in events.feeds):
        reads = set(specs[name].purposes) or set(purposes)
        if reads <= asked and not reads & told:
            reason = "events tell it, and no consent in events is about a purpose that may read it"
            way_out = "name a category under `consent:`, or mean to take it from those alone who agreed elsewhere"
            yield Finding("event-unconsented", f"attribute {name}", reason, way_out)
    for category in events.consents:
        if category.yes not in OWN_YES:
            reason = "a no in an event is kept, and a later yes there does not take it back"
            way_out = "say `yes: explicit` if customers tick it themselves, or mean it"
            yield Finding("event-one-way", f"consent category {category.name}", reason, way_out)
