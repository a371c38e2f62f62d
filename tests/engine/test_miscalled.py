"""A decision that could not be made: it says why, what would be right, and nothing of a customer whom it never saw."""

import pytest

from tactful.engine.miscalled import miscalled


def test_a_placement_that_does_not_exist_is_told_with_the_nearest(open_edge):
    decision = open_edge().decide("hreo", "ann", profile={"visits": 9})
    assert decision.careful == ("placement 'hreo' is not in the policy; did you mean 'hero'?",)


def test_nothing_is_suggested_where_nothing_is_near_or_the_name_is_none(open_edge):
    edge = open_edge()
    assert edge.decide("zzz", "ann").careful == ("placement 'zzz' is not in the policy",)
    assert edge.decide((5,), "ann").careful == ("placement '<int>' is not in the policy",)
    assert edge.decide(("hero" * 100,), "ann").careful == (f"placement {'hero' * 100!r} is not in the policy",)
    assert edge.decide([], "ann").careful == ("no placement is named",)


@pytest.mark.parametrize("asked", ["hreo", [], ["hreo", "heroo"]])
def test_the_explanation_of_what_was_not_decided_says_only_why(open_edge, asked):
    decision = open_edge().decide(asked, "ann")
    explained = decision.explain()
    assert (explained.shown, explained.losses, explained.hidden) == ((), (), ())
    assert str(explained) == "\n".join(f"careful: {one}" for one in decision.careful)
    assert decision.careful
    assert decision.limits() == {}


def test_of_a_closed_edge_the_explanation_says_so_alone(open_edge):
    edge = open_edge()
    edge.close()
    assert str(edge.decide("hero", "ann").explain()) == "careful: the edge is closed"


def test_what_was_decided_is_explained_beside_a_placement_that_does_not_exist(open_edge):
    explained = open_edge().decide(["hero", "hreo"], "ann", profile={"visits": 9}).explain()
    assert "placement 'hreo' is not in the policy; did you mean 'hero'?" in explained.careful
    assert explained.losses


class Lazy:
    """As a framework's lazy user: whoever looks at what it is makes it ask a database that is gone."""

    @property
    def __class__(self):
        raise ConnectionError("ann")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("hero", 5), "who must be a text, identifiers by name, or None, and is an int: write str(…)"),
        (("hero", b"ann"), "who must be a text, identifiers by name, or None, and is a bytes"),
        (("hero", True), "who must be a text, identifiers by name, or None, and is a bool"),
        (("hero", "ann", 5), "context must be values by name, and is an int"),
        ((5, "ann"), "placements must be a name, or a list of names"),
        (("hero", Lazy), "it failed: ConnectionError; the fallback is shown"),
    ],
)
def test_an_argument_of_a_wrong_type_is_told_and_nothing_raises(open_edge, call, told, caplog):
    edge = open_edge()
    decision = edge.decide(*(one() if one is Lazy else one for one in call))  # one that stays harms who looks at it
    assert decision.careful == (told,)
    assert str(decision.explain()) == f"careful: {told}"
    assert edge.status()["decisions_failed"] == 1
    assert "a decision failed: " in caplog.text
    assert "ann" not in caplog.text


def test_what_is_right_is_not_blamed():
    assert miscalled(("hero",), None, None) == miscalled(("hero",), {"card": "1"}, {"page": "home"}) == ()
