"""A bundle goes from ring to ring, and stops by itself: laws of the judgement, which is worked out from reports."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tactful import UsageError
from tactful.clock import SECOND_US
from tactful.fleet import rollout
from tactful.fleet.rollout import QUIET_US, Release, Seen, State, Terms, further, judged, resumed
from tactful.relay.devices import RINGS

NOW_US = 10 * QUIET_US
SHA = "a" * 64
SOAKED = Terms(soak_s=0)
HARMS = ("", "guardrail-broken", "decisions-failed")


def fleet(canary=5, early=20, rest=100, epoch=1, **more):
    sizes = dict(zip(RINGS, (canary, early, rest), strict=True))
    return [
        Seen(f"{ring}-{number}", ring, NOW_US, epoch, **more) for ring, size in sizes.items() for number in range(size)
    ]


def having(seen, ring, epoch=2, **more):
    """Return what a fleet reports once a ring runs another epoch."""
    return [attrs.evolve(one, epoch=epoch, **more) if one.ring == ring else one for one in seen]


def begun(**more):
    return Release(2, SHA, NOW_US, **{"terms": SOAKED, **more})


def test_a_release_goes_from_ring_to_ring_and_is_done():
    release, seen, path = begun(), fleet(), []
    for ring in RINGS:
        assert judged(release, seen, NOW_US) == release  # nobody of the ring runs it yet
        path.append(release.ring)
        seen = having(seen, ring)
        release = judged(release, seen, NOW_US)
    assert path == list(RINGS)
    assert release.state is State.DONE


def test_it_stays_in_a_ring_for_its_time():
    release, seen = begun(terms=Terms(soak_s=60)), having(fleet(), "canary")
    assert judged(release, seen, NOW_US + 60 * SECOND_US - 1) == release
    assert judged(release, seen, NOW_US + 60 * SECOND_US).ring == "early"


def test_a_ring_of_nobody_lets_nothing_through():
    seen = fleet(canary=0)
    assert judged(begun(), seen, NOW_US).ring == "canary"
    assert further(begun(), NOW_US).ring == "early"  # unless somebody says so


def test_who_is_silent_for_long_holds_up_no_ring_and_who_is_late_does():
    seen = having(fleet(canary=10), "canary")
    late = [attrs.evolve(one, epoch=1) if one.device in ("canary-0", "canary-1") else one for one in seen]
    assert judged(begun(), late, NOW_US).ring == "canary"
    silent = [
        attrs.evolve(one, at_us=NOW_US - QUIET_US) if one.epoch == 1 and one.ring == "canary" else one for one in late
    ]
    assert judged(begun(), silent, NOW_US).ring == "early"


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ({"epoch": 2, "error": "guardrail-broken"}, "guardrail-broken 1"),
        ({"epoch": 2, "error": "decisions-failed"}, "decisions-failed 1"),
        ({"epoch": 1, "refused_sha256": SHA, "refused_code": "bundle-malformed"}, "bundle-malformed 1"),
    ],
)
def test_an_error_in_the_canaries_stops_it_and_says_so(harm, said):
    seen = fleet()
    seen[0] = attrs.evolve(seen[0], **harm)
    stopped = judged(begun(), seen, NOW_US)
    assert stopped.state is State.STOPPED
    assert stopped.reason == f"in ring canary, 1 of 5 devices report errors: {said}"


def test_errors_of_before_and_of_other_bundles_stop_nothing():
    seen = having(fleet(error="guardrail-broken"), "canary", error="")
    seen[7] = attrs.evolve(seen[7], refused_sha256="b" * 64, refused_code="bundle-older")
    assert judged(begun(), seen, NOW_US).ring == "early"


def test_a_stopped_one_goes_on_when_somebody_says_so_and_stops_at_the_next_error():
    seen = having(fleet(), "canary")
    seen[0] = attrs.evolve(seen[0], error="decisions-failed")
    stopped = judged(begun(), seen, NOW_US)
    for later in range(5):
        assert judged(stopped, having(fleet(), "canary"), NOW_US + later * QUIET_US) == stopped  # not by itself
    going = resumed(stopped, seen, NOW_US)
    assert (going.state, going.reason, going.waived) == (State.GOING, "", ("canary-0",))
    assert judged(going, seen, NOW_US).state is State.GOING
    seen[1] = attrs.evolve(seen[1], error="decisions-failed")
    assert judged(going, seen, NOW_US).state is State.STOPPED


@pytest.mark.parametrize("state", [State.GOING, State.DONE, State.REPLACED])
def test_what_was_not_stopped_is_not_resumed(state):
    with pytest.raises(UsageError, match="nothing to resume"):
        resumed(begun(state=state), [], NOW_US)


DEVICES = some.lists(
    some.builds(
        Seen,
        device=some.sampled_from([f"k{number}" for number in range(30)]),
        ring=some.sampled_from(RINGS),
        at_us=some.integers(NOW_US - 2 * QUIET_US, NOW_US),
        epoch=some.sampled_from((None, 1, 2, 3)),
        error=some.sampled_from(HARMS),
        refused_sha256=some.sampled_from(("", SHA)),
    ),
    max_size=30,
    unique_by=lambda one: one.device,
)
RELEASES = some.builds(
    Release,
    epoch=some.just(2),
    sha256=some.just(SHA),
    since_us=some.integers(NOW_US - QUIET_US, NOW_US),
    state=some.sampled_from(State),
    reached=some.integers(1, 3),
    terms=some.builds(
        Terms,
        tolerated=some.sampled_from((0.0, 0.02, 0.5)),
        soak_s=some.sampled_from((0, 3600)),
        enough=some.sampled_from((0.5, 0.9, 1.0)),
    ),
)


def broken_laws(judge, release, seen):
    """Return which laws a judgement breaks."""
    after = judge(release, seen, NOW_US)
    reached = [one for one in seen if RINGS.index(one.ring) < release.reached]
    harmed = [one for one in reached if one.harmed_by(release)]
    over = len(harmed) > release.terms.tolerated * len(reached)
    went_on = after.reached > release.reached or (after.state is State.DONE and release.state is not State.DONE)
    laws = {
        "it goes on in spite of errors": not (over and went_on),
        "it does not stop on errors": not (over and release.state is State.GOING) or after.state is State.STOPPED,
        "it says nothing of why": after.state is not State.STOPPED or release.state is State.STOPPED or after.reason,
        "it resumes by itself": release.state is State.GOING or after == release,
        "it goes back, or too far at once": release.reached <= after.reached <= release.reached + 1,
        "it stops without errors": harmed or after.state is release.state or after.state is State.DONE,
        "it goes on untried": not went_on or any(one.epoch == 2 and one.ring == release.ring for one in reached),
    }
    return {law for law, holds in laws.items() if not holds}


@given(RELEASES, DEVICES)
def test_no_judgement_breaks_a_law(release, seen):
    assert broken_laws(judged, release, seen) == set()


def goes_on_in_spite(release, seen, now_us):
    return judged(attrs.evolve(release, terms=attrs.evolve(release.terms, tolerated=0.999)), seen, now_us)


def deaf_to_refusals(release, seen, now_us):
    return judged(release, [attrs.evolve(one, refused_sha256="") for one in seen], now_us)


def resumes_by_itself(release, seen, now_us):
    going = attrs.evolve(release, state=State.GOING, reason="") if release.state is State.STOPPED else release
    return judged(going, seen, now_us)


def hasty(release, seen, now_us):
    after = judged(release, seen, now_us)
    return further(release, now_us) if after == release and release.state is State.GOING else after


def silent(release, seen, now_us):
    return attrs.evolve(judged(release, seen, now_us), reason="")


@pytest.mark.parametrize("mutant", [goes_on_in_spite, deaf_to_refusals, resumes_by_itself, hasty, silent])
def test_a_judgement_that_is_wrong_breaks_a_law(mutant):
    harmed = [attrs.evolve(one, refused_sha256=SHA) if one.device == "canary-0" else one for one in fleet()]
    running = having(fleet(), "canary")
    cases = [(begun(state=state), seen) for state in State for seen in (harmed, running, fleet(), [])]
    assert all(not broken_laws(judged, *case) for case in cases)
    assert any(broken_laws(mutant, *case) for case in cases)


def test_a_device_gets_the_newest_that_has_reached_its_ring_and_keeps_what_it_has():
    done = Release(1, "1" * 64, 0, state=State.DONE, reached=3)
    going, stopped = begun(), begun(state=State.STOPPED)
    for releases, ring, runs, expected in (
        ([], "canary", None, None),
        ([going, done], "canary", 1, 2),
        ([going, done], "all", 1, 1),
        ([going, done], "all", None, 1),
        ([stopped, done], "canary", 1, 1),
        ([stopped, done], "canary", 2, 2),  # no edge takes an older one
        ([stopped, done], "all", None, 1),
        ([going, done], "all", 7, None),
        ([begun(state=State.REPLACED), done], "canary", 2, 2),
    ):
        found = rollout.given(releases, ring, runs)
        assert (None if found is None else found.epoch) == expected, (ring, runs)


@given(some.lists(RELEASES, max_size=4), some.sampled_from(RINGS), some.sampled_from((None, 1, 2, 3)))
def test_nobody_is_given_an_older_one_nor_a_stopped_one_anew(releases, ring, runs):
    releases = [attrs.evolve(one, epoch=number) for number, one in enumerate(releases)]
    found = rollout.given(releases, ring, runs)
    if found is not None:
        assert runs is None or found.epoch >= runs
        assert found.epoch == runs or found.state in (State.GOING, State.DONE)


@pytest.mark.parametrize(
    "terms", [{"tolerated": 1.0}, {"tolerated": -0.1}, {"enough": 0.0}, {"enough": 1.1}, {"soak_s": -1}]
)
def test_terms_that_make_no_sense_are_refused(terms):
    with pytest.raises(UsageError):
        Terms(**terms)
