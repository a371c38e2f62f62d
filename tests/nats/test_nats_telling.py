"""What a centre in NATS is told, and whom it forgets."""

import pytest

from tactful import Consents, Erased, Link, Merge, Observation, Snapshot, Source, Unlinked, UsageError, wall_clock
from tactful.testing.centre_kit import Follower, followed, opt_in, stands, withdrawal
from tactful.testing.store_kit import contact, no, yes
from tactful_adapters.nats_centre import NATSCentre


@pytest.fixture
def centre(url):
    with NATSCentre(url) as one:
        yield one


def told(centre, line="profiles"):
    follower = Follower(centre, line)
    follower.catch_up()
    return [change.told for change in follower.told]


def messages(as_admin, url, stream):
    async def all_of(js):
        info = await js.stream_info(stream)
        found = []
        for epoch in range(info.state.first_seq, info.state.last_seq + 1):
            try:
                found.append((await js.get_msg(stream, epoch)).data or b"")
            except Exception:  # noqa: BLE001, S112 - one that is gone
                continue
        return b"".join(found)

    return as_admin(url, all_of)


def test_a_no_stays_whatever_a_nightly_job_puts(centre):
    centre.put_consents("ada", Consents((yes(1),), 1))
    centre.deliver([withdrawal("1", "ada", 5, "offers")])
    centre.put_consents("ada", Consents((yes(1),), 9))
    assert stands(followed(centre)["ada"]) == (False, True)
    centre.put_consents("ada", Consents((yes(10),), 10))
    assert stands(followed(centre)["ada"]) == (True, False)


def test_what_is_put_again_unchanged_is_not_told_again(centre):
    for _ in range(2):
        centre.put_consents("ada", Consents((yes(1),), 5))
        centre.put_profile(Snapshot("ada", 1, {}))
        centre.link({"card": "4711"}, "ada")
        centre.merge("ada", "al")
    assert [len(told(centre, line)) for line in ("consents", "profiles")] == [1, 3]


def test_an_older_profile_changes_nothing(centre):
    newer = Snapshot("ada", 9, {"visits": Observation(7, Source.OBSERVED, 9)}, epoch=2)
    centre.put_profile(newer)
    centre.put_profile(Snapshot("ada", 10, {}, epoch=1))
    assert told(centre) == [newer]


def test_the_surest_link_stays_and_one_that_was_undone_can_be_told_again(centre):
    centre.link({"card": "4711"}, "ada", confidence=0.95)
    centre.link({"card": "4711"}, "ada", confidence=0.5)
    assert [one.confidence for one in told(centre)] == [0.95]
    centre.unlink({"card": "4711"})
    centre.link({"card": "4711"}, "ada", confidence=0.5)
    assert [type(one) for one in told(centre)] == [Unlinked, Link]
    centre.link({"card": "4711"}, "bob")
    assert [one.customer for one in told(centre)[1:]] == ["ada", "bob"]


def test_who_was_split_can_be_merged_again(centre):
    centre.merge("ada", "al")
    centre.split("al")
    centre.merge("ada", "al")
    assert isinstance(told(centre)[-1], Merge)
    centre.deliver([withdrawal("1", "al", 5, "offers")])
    assert stands(followed(centre)["ada"]) == (False, True)
    with pytest.raises(UsageError):
        centre.merge("ada", "ada")


def test_nothing_of_who_is_erased_is_left_in_any_stream(centre, url, as_admin):
    name = url.rpartition("/")[2]
    for who in ("ada", "al", "bob"):
        centre.put_consents(who, Consents((no(1),), 1))
        centre.put_profile(Snapshot(who, 1, {"nickname": Observation(f"{who} the canary", Source.STATED, 1)}))
        centre.link({"email": f"{who}@canary.example"}, who)
        centre.deliver([contact(f"{who}/1", who, 5)])
    centre.merge("ada", "al")
    centre.erase("al")
    for stream in (f"KV_{name}_consents", f"KV_{name}_profiles", f"{name}_events"):
        kept = messages(as_admin, url, stream)
        for canary in (b"ada the canary", b"ada@canary", b"al@canary", b"ada/1", b"al/1"):
            assert canary not in kept
        assert b"bob" in kept
    for line in ("consents", "profiles"):
        known = followed(centre, line)
        assert isinstance(known["ada"], Erased)
        assert isinstance(known["al"], Erased)
        assert not isinstance(known["bob"], Erased)


def test_what_comes_in_after_an_erasure_leaves_nothing_unless_it_is_newer(centre, url, as_admin):
    centre.put_consents("ada", Consents((yes(1),), 1))
    centre.erase("ada")
    assert centre.deliver([opt_in("1", "ada", 5), contact("2", "ada", 6)]).accepted == {"1", "2"}
    assert isinstance(followed(centre)["ada"], Erased)
    assert messages(as_admin, url, f"{url.rpartition('/')[2]}_events") == b""
    later_us = wall_clock() + 60_000_000
    assert centre.deliver([opt_in("3", "ada", later_us)]).accepted == {"3"}
    assert stands(followed(centre)["ada"], now_us=later_us + 1) == (True, False)
    assert [type(one) for one in told(centre, "consents")] == [Erased, Consents], "who begins anew hears both"
