"""Placements and offers as flags: what they are, what is recorded, and what is not taken on trust."""

import logging

import pytest

import tactful
from tactful import Observation, Snapshot, Source

openfeature = pytest.importorskip("openfeature.api", reason="needs openfeature-sdk")
from openfeature.evaluation_context import EvaluationContext  # noqa: E402 - after the check that it is there
from openfeature.exception import ErrorCode  # noqa: E402
from openfeature.track import TrackingEventDetails  # noqa: E402

from tactful_adapters.openfeature import TactfulProvider  # noqa: E402

ANN = EvaluationContext("ann")


@pytest.fixture
def shop(policy_of):
    profiles = {
        "ann": Snapshot("ann", tactful.wall_clock(), {"visits": Observation(8, Source.STATED, tactful.wall_clock())})
    }
    edge = tactful.open(policy_of(), profiles=profiles.get, consents=lambda _: {"offers": "explicit"})
    openfeature.set_provider(TactfulProvider(edge, deadline_s=5))
    yield edge
    openfeature.shutdown()
    openfeature.clear_providers()
    edge.close()


@pytest.fixture
def client(shop):
    return openfeature.get_client()


def test_a_placement_is_whether_something_is_shown_what_and_all_of_it(client):
    assert client.get_boolean_value("hero", default_value=False, evaluation_context=ANN) is True
    assert client.get_string_value("hero", "", ANN) == "thanks"
    assert client.get_object_value("row", [], ANN) == [
        {"offer": "thanks", "treatment": "t1", "content": {"title": "Thank you for coming so often"}},
        {"offer": "olives", "treatment": "t1", "content": {"title": "Olives half price"}},
    ]


def test_an_offer_is_whether_it_is_shown_in_its_placement_and_by_which_treatment(client):
    assert client.get_boolean_value("hero:thanks", default_value=False, evaluation_context=ANN) is True
    assert client.get_boolean_value("hero:olives", default_value=True, evaluation_context=ANN) is False
    assert client.get_string_value("row:olives", "", ANN) == "t1"
    assert client.get_boolean_details("hero:integer_flag", default_value=True).error_code is ErrorCode.FLAG_NOT_FOUND


def test_who_is_known_is_matched_and_a_stranger_gets_the_default(client):
    known, stranger = (client.get_string_details("hero", "", one) for one in (ANN, EvaluationContext("bob")))

    assert (known.value, known.variant, known.reason) == ("thanks", "thanks/t1", "TARGETING_MATCH")
    assert (stranger.value, stranger.reason) == ("olives", "DEFAULT")  # there is nothing more to be known
    assert client.get_string_details("hero", "").reason == "DEFAULT"


async def _asked(client):
    return await client.get_string_value_async("hero", "", ANN)


def test_the_event_loop_waits_until_the_customer_is_here(client):
    import asyncio  # noqa: PLC0415 - of this test alone

    assert asyncio.run(_asked(client)) == "thanks"


def test_without_consent_what_a_profile_selects_is_off(policy_of):
    profiles = {
        "ann": Snapshot("ann", tactful.wall_clock(), {"visits": Observation(8, Source.STATED, tactful.wall_clock())})
    }
    with tactful.open(policy_of(), profiles=profiles.get, consents=lambda _: {"offers": "withdrawn"}) as edge:
        edge.warm("ann")
        openfeature.set_provider(TactfulProvider(edge))
        found = openfeature.get_client().get_boolean_details("hero:thanks", default_value=True, evaluation_context=ANN)
        openfeature.clear_providers()

    assert (found.value, found.reason) == (False, "DEFAULT")


def test_a_flag_that_is_asked_for_again_and_again_uses_up_no_cap_and_one_that_is_shown_does(client, shop):
    for _ in range(5):
        found = client.get_string_details("hero:thanks", "", ANN)
    assert found.value == "t1"

    shown = TrackingEventDetails(attributes={"tactful.token": found.flag_metadata["tactful.token"], "slot": 0})
    client.track("shown", ANN, shown)

    after = client.get_boolean_details("hero:thanks", default_value=True, evaluation_context=ANN)
    assert (after.value, after.flag_metadata["tactful.limits"]) == (False, "overcrowding.olives_once")


def test_a_page_view_takes_room_once_and_decides_once(client, shop):
    view = EvaluationContext("ann", {"view": "page 1"})
    tokens = {client.get_string_details("hero", "", view).value for _ in range(3)}

    assert tokens == {"thanks"}
    assert client.get_string_value("hero", "", ANN) == "olives"  # room for the other one is reserved


def test_what_a_customer_does_is_tracked_without_a_token(client, shop, caplog):
    client.track("purchase", ANN, TrackingEventDetails(attributes={"topic": "food", "id": "receipt 1", "price": 3}))

    store = shop._store
    assert [(one.event, one.topic) for one in store.contacts("ann", 0)] == [("purchase", "food")]
    assert not caplog.records


@pytest.mark.parametrize(
    ("event", "context", "attributes"),
    [
        ("shown", ANN, {"tactful.token": "canary-forged"}),
        ("purchase", None, {}),
        ("purchase", EvaluationContext(attributes={"identifiers": "canary"}), {}),
    ],
)
def test_what_cannot_be_tracked_is_logged_by_its_kind_alone(client, caplog, event, context, attributes):
    with caplog.at_level(logging.DEBUG):
        client.track(event, context, TrackingEventDetails(attributes=attributes))

    assert "tracking failed" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize("context", [EvaluationContext(7), EvaluationContext(attributes={"identifiers": {"card": 1}})])
def test_a_context_that_cannot_be_meant_is_an_error_that_holds_no_value(client, context):
    found = client.get_boolean_details("hero", default_value=True, evaluation_context=context)

    assert (found.value, found.error_code) == (True, ErrorCode.INVALID_CONTEXT)
    assert "7" not in found.error_message


def test_identifiers_stand_in_for_the_targeting_key(policy_of):
    with tactful.open(policy_of()) as edge:
        store = edge._store
        store.link({"card": "4711"}, customer="ann")
        store.put_profile(
            Snapshot("ann", tactful.wall_clock(), {"visits": Observation(8, Source.STATED, tactful.wall_clock())})
        )
        edge.opt_in("ann", "offers")
        openfeature.set_provider(TactfulProvider(edge))
        card = EvaluationContext(attributes={"identifiers": {"card": "4711"}})
        found = openfeature.get_client().get_string_value("hero", "", card)
        openfeature.clear_providers()

    assert found == "thanks"
