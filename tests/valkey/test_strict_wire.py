"""A wire to the server of strict caps that loses, doubles or swaps answers: none is taken for another question's."""

import contextlib

import pytest
from tests.proofs.wire import Wire

from tactful import StoreError
from tactful.testing.store_strict import ask
from tactful_adapters import valkey_strict
from tactful_adapters.valkey_strict import ValkeyStrictCaps, _room

from .server import free_port


def astray(port, state):
    """Reserve for many customers over such a wire; return how many were given what was another's."""
    wrong = 0
    with contextlib.closing(Wire(port)) as wire:
        caps = ValkeyStrictCaps(f"valkey://127.0.0.1:{wire.port}?timeout_s=0.2")
        caps.begin()
        with wire.being(state):
            for number in range(20):
                one = ask(f"customer {number}")
                with contextlib.suppress(StoreError):
                    (units,) = caps.reserve([one])
                    wrong += any(not unit.startswith(_room(one, one.subject)) for unit in units)
        assert len(caps.reserve([ask("afterwards")])[0]) == 1
        caps.close()
    return wrong


@pytest.fixture
def port(serve):
    port = free_port()
    serve(port=port)
    return port


@pytest.mark.parametrize("state", ["losing", "doubling", "swapping"])
def test_no_answer_is_taken_for_another_question_s(port, state):
    assert astray(port, state) == 0


def test_who_does_not_look_whose_answer_it_is_takes_another_s(port, monkeypatch):
    monkeypatch.setattr(valkey_strict, "_is_of", lambda *_: True)
    assert astray(port, "doubling") > 0
