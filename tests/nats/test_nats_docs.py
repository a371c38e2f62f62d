"""The samples of docs/nats.md, with a server of the tests' in the place of theirs, and what its tables say."""

import re
import tomllib

import pytest
from tests.docs.conftest import PAGES, ROOT, samples, shop

from tactful.testing.centre_kit import followed, stands
from tactful_adapters import nats_address
from tactful_adapters.nats_centre import NATSCentre
from tactful_adapters.nats_telling import NATSTelling

PAGE = "docs/nats.md"
THEIRS = "nats://edge:secret@nats:4222/shop"

__all__ = ["shop"]


@pytest.mark.usefixtures("shop")
def test_the_python_runs(url):
    opening, filling = samples(PAGE, "python")
    assert opening.text.count(THEIRS) == filling.text.count(THEIRS) == 1
    with NATSCentre(url) as centre:
        names = {"CENTRE": centre}  # a URL finds its adapter by what is installed
        exec(opening.text.replace(f'"{THEIRS}"', "CENTRE"), names)  # noqa: S102 - the page's own sample
        exec(filling.text.replace(THEIRS, url), names)  # noqa: S102 - the same
        assert stands(followed(centre)["ada"], now_us=names["now_us"]) == (True, False)
        with names["kiosk"] as kiosk:
            kiosk.sync()
            assert kiosk.status()["centre"]["profiles"]["epoch"] == centre.changes("profiles", 0, 9).epoch


def test_its_urls_find_it():
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    for scheme in ("nats", "tls"):
        assert points["tactful.centres"][scheme] == f"{NATSCentre.__module__}:{NATSCentre.__qualname__}"


def test_the_tables_are_whole():
    text = PAGES[PAGE].read_text(encoding="utf-8")
    cells = (row.split("|")[1] for row in text.splitlines() if row.startswith("| `"))
    first = {name for cell in cells for name in re.findall(r"`(\w+)", cell)}
    methods = {name for name in vars(NATSTelling) if not name.startswith("_")}
    assert first == methods | nats_address._OURS
