"""An edge whose store is in PostgreSQL shares one truth with others, and is careful when the server is away."""

import pytest

import tactful
from tactful import Consent, Consents, ConsentState, How, Observation, Snapshot, Source, StoreError
from tactful.clock import wall_clock
from tactful_adapters.postgresql import PostgreSQLStore

from .shop import POLICY, offers


@pytest.fixture
def store(postgresql, tmp_path):
    with PostgreSQLStore(postgresql.url(tmp_path, timeout_s=1)) as one:
        now_us = wall_clock()
        for name in ("ada", "bob"):
            one.put_profile(Snapshot(name, now_us, {"favourite": Observation("bread", Source.STATED, now_us)}))
            one.put_consents(name, Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us - 1),), now_us))
        yield one


def test_an_edge_whose_server_is_away_goes_on_carefully(postgresql, store):
    with tactful.open(POLICY, store=store) as edge:
        assert edge.warm("ada", deadline_s=10)
        assert offers(edge, "ada") == ["bread"]
        postgresql.stop()
        try:
            assert offers(edge, "ada") == ["bread"]  # it is here
            assert not edge.warm("bob", deadline_s=10)
            assert offers(edge, "bob") == []  # nothing is known of bob: nothing personal
            with pytest.raises(StoreError, match="it cannot be reached"):
                edge.opt_out("ada")  # whoever says no hears that it was not kept
        finally:
            postgresql.start()
        assert edge.warm("bob", deadline_s=10)
        assert offers(edge, "bob") == ["bread"]


def test_two_edges_share_one_truth(postgresql, store, tmp_path):
    with (
        tactful.open(POLICY, store=store) as one,
        PostgreSQLStore(postgresql.url(tmp_path)) as same,
        tactful.open(POLICY, store=same) as other,
    ):
        one.opt_out("ada")
        assert other.warm("ada", deadline_s=10)
        assert offers(other, "ada") == []
