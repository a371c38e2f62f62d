"""Comfort: how familiar we may be with a customer about a topic on a channel moves with how the customer takes it."""

import itertools
import sys

import pytest

from tactful import Contact, Familiarity
from tactful.clock import DAY_US
from tactful_plugins import comfort

from . import mutants
from .houses import NOON_US, dialled, named, reasons, said, shop, shown, yes

NAME = "comfort"
ANN = {"visits": 9, "tier": "gold", "order": "late"}
ALONE = named(shop(), NAME)
HOME_SOLD = {"leash", "plates", "toaster", "shared"}
_numbers = itertools.count()


def event(what="dismissed", topic="home", ago_us=DAY_US, channel="inbox", offer="", **more):
    return Contact(f"c{next(_numbers)}", "ann", what, NOON_US - ago_us, topic, offer, channel=channel, **more)


def decide(house, *contacts, place="inbox.letter", policy=ALONE, now_us=NOON_US):
    consents = said(yes())
    return house.decide(policy, place, "ann", contacts=contacts, profile=ANN, consents=consents, now_us=now_us)


def seen(house, *contacts, **more):
    return set(shown(decide(house, *contacts, **more)))


def dismissed(times, **more):
    return [event(**more) for _ in range(times)]


# The story, and its counter-story.


def test_who_waves_us_away_is_known_less_step_by_step(house):
    assert {"tier", "thanks", "opening"} <= seen(house)

    once = decide(house, *dismissed(1))
    assert "tier" not in shown(once)
    assert {"thanks", "opening"} <= set(shown(once))
    assert "comfort.segment.inbox" in reasons(once, "tier")
    assert "You did not seem to like how we spoke of this; we know less of you here now." in once.why()

    assert not {"tier", "thanks"} & seen(house, *dismissed(3))
    assert {"opening", *HOME_SOLD} <= seen(house, *dismissed(3))

    silent = decide(house, *dismissed(6))
    assert not HOME_SOLD & set(shown(silent))
    assert {"opening", "parcel", "bread", "recall"} <= set(shown(silent))
    assert "comfort.silent.inbox" in reasons(silent, "leash")


def test_who_likes_it_is_met_as_before(house):
    assert "tier" in seen(house, *dismissed(1), event("liked", ago_us=DAY_US - 1))
    assert "tier" in seen(house, *[event("liked") for _ in range(9)])
    assert "tier" not in seen(house, *dismissed(3), event("liked", ago_us=DAY_US - 1))


def test_what_was_liked_before_buys_off_no_offence(house):
    liked = [event("liked", ago_us=n * DAY_US) for n in range(2, 40)]
    assert "tier" in seen(house, *liked)
    assert "tier" not in seen(house, *liked, *dismissed(1))
    assert "tier" not in seen(house, *dismissed(1), event("liked"))  # of what came at once, the offence is later
    assert not HOME_SOLD & seen(house, *liked, event("complaint"))
    since = [event("liked", ago_us=n) for n in range(3)]
    assert "tier" in seen(house, *liked, event("complaint"), *since)
    again = [event("complaint", ago_us=3 * DAY_US), *(event("liked", ago_us=2 * DAY_US + n) for n in range(9))]
    assert "tier" in seen(house, *again)
    assert "tier" not in seen(house, *again, *dismissed(1))


def test_what_was_liked_before_comes_back_as_no_offence_when_its_time_is_over(house):
    signs = [event("liked", ago_us=80 * DAY_US), event(ago_us=79 * DAY_US), event("liked", ago_us=DAY_US)]
    for days in range(11):
        assert "tier" in seen(house, *signs, now_us=NOON_US + days * DAY_US)


def test_one_that_is_too_personal_says_more_than_one_dismissal(house):
    assert not {"tier", "thanks"} & seen(house, event("too_personal"))
    assert seen(house, event("too_personal")) >= HOME_SOLD
    assert not HOME_SOLD & seen(house, event("complaint"))
    assert not HOME_SOLD & seen(house, event("unsubscribe"))


def test_it_concerns_the_topic_and_the_channel_alone(house):
    assert {"tier", *HOME_SOLD} <= seen(house, *dismissed(6), place="web.page")
    assert "tier" in seen(house, *dismissed(6, topic="bread"))
    assert "bread" not in seen(house, *dismissed(6, topic="bread"))
    assert "tier" in seen(house, *dismissed(6, topic="pets"))  # what is narrower says nothing of what is wider
    assert "leash" not in seen(house, *dismissed(6, topic="pets"))
    assert "plates" in seen(house, *dismissed(6, topic="pets"))


def test_where_others_see_silence_tells_nothing_of_what_is_sensitive(house):
    about = dismissed(6, topic="painkillers", channel="")
    assert "aspirin" not in seen(house, *about)
    assert "aspirin" in seen(house, *about, place="web.page")


def test_where_it_was_said_is_not_known_it_counts_everywhere(house):
    for place in ("inbox.letter", "web.page"):
        assert "tier" not in seen(house, event(channel=""), place=place)


def test_it_is_bounded_by_its_window(house):
    day_us = 90 * DAY_US
    assert "tier" not in seen(house, event(ago_us=day_us - 1))
    assert "tier" in seen(house, event(ago_us=day_us))
    # What spoke for us is forgotten as well.
    assert "tier" not in seen(house, event("liked", ago_us=day_us), *dismissed(1))


def test_what_is_never_answered_rests(house):
    often = [event("shown", "soap", n * DAY_US, "web", "soap") for n in range(1, 13)]
    assert "soap" in seen(house, *often[:11])
    assert "soap" not in seen(house, *often)
    assert "comfort.unanswered" in reasons(decide(house, *often), "soap")
    assert "soap" in seen(house, *often, event("click", "soap", DAY_US, "web", "soap"))
    assert "bread" in seen(house, *[event("shown", "bread", n, "web", "rolls") for n in range(20)])
    assert "opening" in seen(house, *[event("shown", "home", n, "web", "opening") for n in range(20)])
    off = named(shop(), NAME, unanswered=0)
    assert "soap" in seen(house, *often, policy=off)


def test_the_dial_moves_it(house):
    careful, bold = (named(dialled(shop(), dial), NAME) for dial in ("conservative", "bold"))
    assert "thanks" not in seen(house, *dismissed(2), policy=careful)
    assert "tier" in seen(house, *dismissed(2), policy=bold)
    assert "tier" not in seen(house, event(ago_us=179 * DAY_US), policy=careful)


def test_help_and_what_must_be_told_go_on(house):
    assert {"parcel", "order", "recall"} <= seen(house, *dismissed(30), *dismissed(30, topic="bread"))


@pytest.mark.parametrize("steps", [(2, 1, 6), (1, 7, 6)])
def test_less_comfort_never_allows_more(house, steps):
    settings = dict(zip(("segment_at", "context_at", "silent_at"), steps, strict=True))
    with pytest.raises(Exception, match="rise"):
        house.guardrail(NAME, **settings)


def test_each_step_is_allowed_less(house):
    tones = [max(pick.tone for pick in decide(house, *dismissed(times)).picks) for times in (0, 1, 3)]
    bases = [max(pick.basis for pick in decide(house, *dismissed(n), place="inbox.letter").picks) for n in (0, 1)]
    assert tones[0] >= tones[1] >= tones[2]
    assert bases[0] is Familiarity.PERSONAL


def test_it_says_what_it_does(house):
    assert house.guardrail(NAME).sentence() == (
        "Of each topic, on each channel, discomfort counts for 90 days: a dismissal 1, too personal 4, a complaint or "
        "unsubscription 6, and what is liked since 2 less. From 1 on we know the group only, from 3 on the moment "
        "only, from 6 on we sell nothing of it there; an offer that was shown 12 times and not answered rests."
    )
    assert "rests" not in house.guardrail(NAME, unanswered=0).sentence()


MUTANTS = {
    "silence tells of what is sensitive": ("is Privacy.PRIVATE else ordinary", "is Privacy.PRIVATE else catalog.all"),
    "what is sensitive is never silenced": ("channel.privacy is Privacy.PRIVATE", "False"),
    "what is liked does not count": (', ("liked", -2)', ""),
    "too personal is as a dismissal": ('("too_personal", 4)', '("too_personal", 1)'),
    "an unsubscription does not count": ('("unsubscribe", 6), ', ""),
    "a complaint does not count": ('("complaint", 6), ', ""),
    "a click is no answer": ('("click", -6)', '("click", 6)'),
    "help falls silent": ("e.offer.intent is not Intent.HELP and", ""),
    "what must be told falls silent": (" and e.offer.offer_class not in exempt", ""),
    "one channel speaks for all": ('"topic", channels=(channel,), then=', '"topic", then='),
    "silence spreads over channels": ('"topic", channels=(channel,), exact=True)', '"topic", exact=True)'),
    "narrow topics speak for wide ones": ("to=step, exact=True", "to=step"),
    "silence climbs the topics": ("channels=(channel,), exact=True)", "channels=(channel,))"),
    "informing falls silent": ('sold = told & catalog.intent("sell")', "sold = told"),
    "unanswered counts for the topic": ('counted, "offer")', 'counted, "topic")'),
    "the dial does nothing": ('"segment_at": 3,', '"segment_at": 1,'),
    "customers hear nothing": ('f"{word}.{channel}", _SAY)', 'f"{word}.{channel}")'),
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], comfort, *MUTANTS[mutant])
