"""What a policy takes from events is told in its document, and a change of it in the diff, looser first."""

from tactful.authoring import as_markdown, diff, document

from .conftest import EVENTS


def changes(old, new):
    return {(change.kind, change.about) for change in diff(old, new).changes}


def test_the_document_tells_what_events_tell(policy_of):
    page = as_markdown(document(policy_of()))
    for told in ("tells shoe_size", "from shoe.size, 90% sure", "counts as purchase about shoes", "anonymousId"):
        assert told in page.replace("\\", ""), told
    assert "Nothing else is kept of events" not in as_markdown(document(policy_of("events: {}")))


def test_the_diff_tells_what_more_is_taken(policy_of):
    full, none = policy_of(), policy_of("events: {}")
    assert ("looser", "feed of first_name by identify, firstName") in changes(none, full)
    assert ("tighter", "feed of first_name by identify, firstName") in changes(full, none)
    surer = policy_of(EVENTS.replace("confidence: 90%", "confidence: 100%"))
    assert changes(full, surer) == {("looser", "feed of shoe_size by identify, shoe.size")}
    merging = policy_of(EVENTS + "  merge_users: true\n")
    assert {kind for kind, _ in changes(full, merging)} == {"looser"}
    assert {kind for kind, _ in changes(full, policy_of(EVENTS.replace("yes: explicit", "yes: implied")))} == {
        "unknown"
    }
    assert changes(full, full) == set()
