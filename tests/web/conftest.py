"""A shop on the web: a customer who is known, and an edge that a source fills."""

import pytest

import tactful
from tactful import Observation, Snapshot, Source
from tactful.authoring import compile_files
from tactful_adapters.web import Site, from_session

POLICY = b"""
channels: {web: private}
placements:
  hero: {channel: web, fallback: {title: Welcome}}
  aside: web
  row: {channel: web, slots: 3}
  bell: {channel: web, moments: reminder}
topics: {food: {}}
context: {page: text}
purposes: {offers: consent, ads: {basis: consent, under: offers}}
identifiers: {cookie: device}
profile:
  shop:
    all: {owner: crm, purpose: [offers, ads]}
    visits: {type: int, say: how often you visit}
offers:
  all: {intent: sell, topic: food, placements: [row]}
  thanks: {when: profile.visits >= 6, purpose: offers, value: 3, placements: [hero, row], treatments: Thanks & more}
  partner: {when: profile.visits >= 6, purpose: ads, value: 2, treatments: A partner's}
  stamps: {when: profile.visits >= 6, purpose: offers, moment: reminder, placements: [bell], treatments: Stamps end}
  bread: {when: 'context.page == "bakery"', purpose: offers, value: 4, placements: [hero], treatments: Bread}
"""


@pytest.fixture
def edge(tmp_path):
    opened = tactful.open(compile_files({"policy.yaml": POLICY}), store=f"sqlite:///{tmp_path / 'edge.db'}")
    now_us = tactful.wall_clock()
    opened._store.put_profile(Snapshot("ann", now_us, {"visits": Observation(8, Source.OBSERVED, now_us)}))
    for purpose in ("offers", "ads"):
        opened.opt_in("ann", purpose)
    yield opened
    opened.close()


@pytest.fixture
def site(edge):
    return Site(
        edge=edge,
        who=from_session("user"),
        moment=lambda request: {"page": request.header("x-page") or ""},
        deadline_s=10,
        tcf={"ads": [3, 4]},
        gpp={"sale": ["ads"], "sharing": ["ads"], "advertising": ["ads"]},
    )


@pytest.fixture
def shown(edge):
    """The exposures on record, oldest first."""

    def contacts(customer="ann"):
        return [(one.event, one.offer) for one in edge._store.contacts(customer, 0) if one.event == "shown"]

    return contacts
