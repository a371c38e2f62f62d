"""Names that are no texts, and ids with half a character: decided, told, sealed and recorded all the same."""

import pytest

import tactful


@pytest.fixture
def edge(policy):
    with tactful.open(policy, store=tactful.MemoryStore()) as opened:
        yield opened


@pytest.mark.parametrize("name", [[1], {}, 7, None, b"hero", float("nan"), object()])
def test_a_placement_s_name_that_is_no_text_breaks_no_page(edge, policy, name):
    own = policy.placements[0].name
    said = f"placement '<{type(name).__name__}>' is not in the policy"
    for names in ([name], [name, own], [own, name]):
        decision = edge.decide(names)
        assert said in decision.careful
        assert dict(decision.content) == dict(edge.decide(own).content if names[0] == own else {})
        assert edge._seal.open(decision.token, tactful.wall_clock()).decision == decision.id
        assert decision.why()
        assert "<" in repr(decision)
        decision.explain()
        decision.evidence(None)
        if own in names:  # what was decided for no placement has no id, and no log has it
            assert decision.logged(bytes(32)).id == decision.id
    assert [dict(one) for one in edge.decide([name, own]).at(own)] == [dict(one) for one in edge.decide(own).at(own)]


def test_a_token_holds_an_id_with_half_a_character(edge, policy):
    decision = edge.decide(policy.placements[0].name, "\ud800")
    receipt = edge._seal.open(decision.token, tactful.wall_clock())
    assert receipt == decision.receipt()
    assert receipt.customer == "\ud800"
    edge.record(decision.token)
