"""What the policy document says of events that clients send: what they tell, count as, and say of consents."""

from collections.abc import Iterator

from ..events import Feed
from ..policy import Policy
from .told import Section, listed, share, word


def events_told(policy: Policy) -> Iterator[Section]:
    """Yield what is taken from events; nothing where none is."""
    events = policy.events
    specs = {attribute.name: attribute for attribute in policy.attributes}
    rows = []
    for feed in events.feeds:
        how = _how(feed, specs[feed.attribute].source.value)
        rows.append((feed.kind.value, feed.event, f"tells {feed.attribute}", how))
    for one in events.contacts:
        about = f" about {one.topic}" if one.topic else ""
        outcome = " of the decision whose token it brings" if one.decision else ""
        ground = "any purpose" if one.purpose is None else one.purpose
        rows.append((one.kind.value, one.event, f"counts as {one.counts_as}{about}{outcome}", f"kept for {ground}"))
    yield Section(
        "Events",
        ("event", "its name", "what it does", "how"),
        tuple(rows),
        "Nothing else is kept of events, and this only of customers who allow a purpose for it." if rows else "",
    )
    yield Section(
        "Consents in events",
        ("category", "a no refuses", "a yes"),
        tuple(
            (
                one.name,
                listed(one.purposes),
                "lets its own event be kept" + (f", and is kept as {word(one.yes)}" if one.yes else ""),
            )
            for one in events.consents
        ),
    )
    yield Section("Ids in events", ("id", "what it does"), tuple(_ids(policy)))


def _how(feed: Feed, usual: str) -> str:
    source = feed.source.value if feed.source else usual
    sure = "" if feed.confidence >= 1 else f", {share(feed.confidence)} sure"
    return f"{source}, from {feed.field}{sure}"


def _ids(policy: Policy) -> Iterator[tuple[str, str]]:
    events = policy.events
    if events.anonymous:
        joined = "whoever logs in there first has its history; a second one makes it nobody's"
        yield "anonymousId", f"is the identifier {events.anonymous}: {joined}"
    if events.group:
        yield "groupId", f"is the identifier {events.group}"
    if events.merge_users:
        yield "previousId", "may be that of another known customer: an alias joins the two"
