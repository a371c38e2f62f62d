"""What a cap does to an offer is made when it is asked for, and is what would be made for all at once."""

import pytest

from tactful.bench.shop import shop
from tactful.catalog import Catalog
from tactful.familiarity import Familiarity
from tactful.limits import Cap, Rolling, Scope
from tactful.plan.caps import _by_value, _ByOffer, _limited, _places

CATALOG = Catalog(shop(60, 1).policy)


def told(reached):
    return {offer: (reach.withheld, reach.blind) for offer, reach in reached.items()}


@pytest.mark.parametrize("then", ["suppress", "downgrade"])
@pytest.mark.parametrize("scope", [CATALOG.all, Scope(0b1011 << 20), Scope(0)], ids=["all", "some", "none"])
def test_one_offer_at_a_time_or_all_at_once_is_the_same(scope, then):
    cap = Cap(scope, of="offer", count=2, window=Rolling(60), then=then, to=Familiarity.CONTEXT)
    late = _ByOffer(CATALOG, cap, _places(CATALOG))
    at_once = _by_value(CATALOG, cap, _limited(CATALOG, "offer"))

    assert list(told(late).items()) == list(told(at_once).items())
    assert len(late) == len(at_once) == len(scope)
    assert all((offer in late) == (offer in at_once) for offer in [*CATALOG.by_offer(), "no such offer"])
    with pytest.raises(KeyError):
        late["no such offer"]
