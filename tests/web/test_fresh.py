"""How often a request fetches its customer, and that none waits for one who has just come."""

import asyncio

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.testing.clocks import FakeClock
from tactful_adapters.web import Request, Site, from_header

from .conftest import POLICY


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def asked():
    """Whom the source was asked for."""
    return []


@pytest.fixture
def site(clock, asked):
    def profile(customer):
        asked.append(customer)
        return {"visits": 8}

    with tactful.open(
        compile_files({"policy.yaml": POLICY}),
        profiles=profile,
        consents=lambda _: {"offers": "explicit"},
        clock=clock,
    ) as edge:
        yield Site(edge=edge, who=from_header("x-who"), deadline_s=10, fresh_s=2)


def visit(site, who="ann"):
    page = site.page(Request("GET", (("x-who", who),)))
    page.warm()
    asyncio.run(page.awarm())
    return page.content("hero")["title"]


def test_who_was_fetched_just_now_is_not_fetched_again(site, clock, asked):
    assert [visit(site) for _ in range(3)] == ["Thanks &amp; more"] * 3
    assert asked == ["ann"]
    clock.pass_s(1.9)
    visit(site)
    assert asked == ["ann"]
    clock.pass_s(0.2)
    visit(site)
    assert asked == ["ann", "ann"]
    visit(site, "bob")
    assert asked == ["ann", "ann", "bob"]


def test_who_was_let_go_or_is_to_be_refreshed_is_fetched_again(site, asked):
    visit(site)
    site.edge.forget("ann")
    assert not site.edge.is_fresh("ann", 60)
    visit(site)
    assert asked == ["ann", "ann"]


@pytest.mark.parametrize("who", [7, {"card": 7}, ["ann"]])
def test_what_is_no_customer_breaks_no_page(site, who):
    page = Site(edge=site.edge, who=lambda _: who).page(Request("GET", ()))
    page.warm()
    assert page.content("hero")["title"] == "Welcome"


def test_a_clock_that_was_set_back_does_not_keep_anybody_fresh_for_ever(site, clock, asked):
    visit(site)
    clock.set_s(-86_400)
    visit(site)
    assert asked == ["ann", "ann"]
