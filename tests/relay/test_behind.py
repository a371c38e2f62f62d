"""What an edge is told when the relay is there, and the centre behind it is not as it should be."""

from contextlib import closing

import pytest

from tactful import CentreError, MemoryCentre, StoreError
from tactful.relay.calling import _code_in
from tactful.relay.client import RelayCentre

from .test_requests import CANARY, Failing


class Refusing(MemoryCentre):
    def changes(self, line, after, count):
        raise StoreError("the tables are not as they were made")


@pytest.mark.parametrize(("behind", "met"), [(Refusing, "store"), (Failing, "centre")])
def test_a_centre_that_fails_behind_the_relay_is_told_from_a_relay_that_is_busy(serve, behind, met):
    with closing(RelayCentre.from_url(serve(behind()).url())) as centre, pytest.raises(CentreError) as caught:
        centre.changes("consents", 0, 9)
    assert caught.value.code == "centre-behind"
    assert f"the centre behind it gives no answer ({met}); see to that centre" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("body", [b"{}", b'{"code": "Ada said no"}', b'{"code": 3}', b"[" * 50_000, b"\xff", b"null"])
def test_what_is_no_code_is_not_told(body):
    assert _code_in(body) == ""
