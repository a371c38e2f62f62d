"""How far topics lie apart, and which must never be linked."""

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from tactful import TopicGraph
from tactful.topics import Topic

NAMES = "abcdef"
FAR = len(NAMES)


@st.composite
def graphs(draw, *, forbidding=True):
    """Topics whose wider ones come before them."""
    some = st.lists(st.sampled_from(NAMES), max_size=2).map(tuple)
    topics = []
    for number, name in enumerate(NAMES):
        under = draw(st.none() | st.sampled_from(NAMES[:number])) if number else None
        topics.append(Topic(name, under, related=draw(some), forbidden=draw(some) if forbidding else ()))
    return topics


def links(topics):
    """Every link as a pair in both directions, straight from what the topics say."""
    said = [(topic.name, other) for topic in topics for other in (topic.under, *topic.related) if other]
    return {pair for one, other in said for pair in ((one, other), (other, one))}


@given(graphs(forbidding=False))
def test_the_distance_is_the_length_of_the_shortest_way(topics):
    graph, joined = TopicGraph(topics), links(topics)
    lengths = {(name, name): 0 for name in NAMES} | dict.fromkeys((p for p in joined if p[0] != p[1]), 1)
    for through, one, other in product(NAMES, repeat=3):  # Floyd and Warshall
        way = lengths.get((one, through), FAR) + lengths.get((through, other), FAR)
        lengths[one, other] = min(way, lengths.get((one, other), FAR))
    for one, other in product(NAMES, repeat=2):
        expected = lengths[one, other] if lengths[one, other] < FAR else None
        assert graph.distance(one, other, FAR) == expected
        for at_most in range(FAR):
            within = expected is not None and expected <= at_most
            assert graph.distance(one, other, at_most) == (expected if within else None)


@given(graphs())
def test_links_go_both_ways(topics):
    graph = TopicGraph(topics)
    for one, other in product(NAMES, repeat=2):
        assert graph.distance(one, other, 3) == graph.distance(other, one, 3)
        assert graph.forbidden(one, other) is graph.forbidden(other, one)


@given(graphs())
def test_what_is_forbidden_is_forbidden_to_all_that_lies_under_it(topics):
    graph = TopicGraph(topics)
    for topic in topics:
        for other in topic.forbidden:
            for lower, far in product(NAMES, repeat=2):
                if topic.name in graph.above(lower) and other in graph.above(far) and lower != far:
                    assert graph.forbidden(lower, far)


@given(graphs())
def test_nothing_is_forbidden_that_nobody_forbade(topics):
    graph = TopicGraph([Topic(t.name, t.under, related=t.related) for t in topics])
    assert not any(graph.forbidden(one, other) for one, other in product(NAMES, repeat=2))


def test_no_way_leads_over_a_forbidden_link():
    chain = [Topic(one, related=(other,)) for one, other in pairwise("abc")]
    assert TopicGraph([*chain, Topic("c")]).distance("a", "c", 2) == 2
    assert TopicGraph([*chain, Topic("c", forbidden=("b",))]).distance("a", "c", FAR) is None


def test_a_topic_that_is_not_there_is_linked_with_nothing():
    graph = TopicGraph([Topic("a", "lost", related=("gone",)), Topic("b", "lost", related=("gone",))])
    assert graph.distance("a", "b", FAR) is None
    assert graph.distance("a", "gone", FAR) is None
    assert graph.distance("gone", "gone", FAR) is None
