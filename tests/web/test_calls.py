"""One call each for a hero, content blocks, moments and a menu: what was decided, and that it counts as shown."""

import flask
import pytest

import tactful
from tactful.authoring import compile_files
from tactful_adapters.flask import Tactful
from tactful_adapters.web import Request, Site, from_header

POLICY = b"""
channels: {web: private, plain: {privacy: private, escape: none}}
placements:
  hero: {channel: web, fallback: {title: Welcome}}
  aside: web
  row: {channel: web, slots: 3, fallback: {title: More}}
  bell: {channel: web, slots: 3, moments: [alert, reminder], fallback: {title: All quiet}}
  raw.bell: {channel: plain, moments: [alert, reminder]}
  menu: {channel: web, slots: 2}
topics: {food: {}, tea: {under: food}}
purposes: {offers: consent}
profile: {shop: {all: {owner: crm, purpose: offers}, visits: {type: int, say: how often you visit}}}
segments: {regulars: {when: profile.visits >= 6, say: you come often, size: 640}}
offers:
  all: {intent: sell, topic: food, purpose: offers, when: segment.regulars}
  thanks: {placements: [hero, row], value: 3, treatments: Thanks & more}
  bread: {placements: row, treatments: Bread}
  points: {placements: [bell, raw.bell], moment: reminder, treatments: Points & stamps end}
  strike: {placements: bell, moment: alert, value: 2, treatments: No deliveries}
  tea: {placements: menu, topic: tea, treatments: Tea}
"""
MENU = [{"name": "Home"}, {"name": "Pans"}, {"name": "Tea", "topic": "tea"}, {"name": "Us"}]


@pytest.fixture
def edge(tmp_path):
    with tactful.open(
        compile_files({"policy.yaml": POLICY}),
        store=f"sqlite:///{tmp_path / 'edge.db'}",
        profiles={"ann": {"visits": 8}}.get,
        consents=lambda _: {"offers": "explicit"},
    ) as opened:
        opened.warm("ann")
        yield opened


@pytest.fixture
def page(edge):
    def of(who=None):
        named = (("x-who", who),) if who else ()
        return Site(edge=edge, who=from_header("x-who"), deadline_s=5).page(Request("GET", named))

    return of


def shown(edge):
    return sorted(one.offer for one in edge._store.contacts("ann", 0) if one.event == "shown")


def test_a_hero_is_for_the_persona_and_the_fallback_for_others(page):
    assert (page("ann").hero("hero").offer, page("ann").hero("hero").content["title"]) == (
        "thanks",
        "Thanks &amp; more",
    )
    assert (page().hero("hero").offer, dict(page().hero("hero").content)) == ("", {"title": "Welcome"})
    assert (page().hero("aside").offer, dict(page().hero("aside").content)) == ("", {})


def test_blocks_are_decided_together_and_say_which_offers_they_are(page):
    here = page("ann")
    blocks = here.blocks("hero", "row")
    assert {name: [one.offer for one in several] for name, several in blocks.items()} == {
        "hero": ["thanks"],
        "row": ["bread", "", ""],  # what the hero shows stands nowhere else
    }
    assert [one.content["title"] for one in blocks["row"]] == ["Bread", "More", "More"]
    assert here.decide("hero") is here.decide("row")


def test_moments_are_told_by_their_kinds_and_a_fallback_is_none(page):
    assert [(one.moment, one.offer) for one in page("ann").moments("bell")] == [
        ("alert", "strike"),
        ("reminder", "points"),
    ]
    assert page().moments("bell") == ()


def test_a_menu_keeps_its_entries_and_lifts_by_one_place(page):
    found = page("ann").navigation("menu", MENU)
    assert [one["name"] for one in found.items] == ["Home", "Tea", "Pans", "Us"]
    assert page().navigation("menu", MENU).items == tuple(MENU)


def test_what_a_call_gave_counts_as_shown_once_and_nothing_else_does(page, edge):
    here = page("ann")
    here.hero("hero")
    here.moments("bell")
    here.moments("bell")
    here.confirm(200)
    assert shown(edge) == ["points", "strike", "thanks"]


def test_nothing_of_it_is_in_a_repr(page):
    assert "Thanks" not in repr(page("ann").hero("hero"))


TEMPLATE = (
    "{{ hero('hero').content.title }}|{% for one in blocks('row') %}{{ one.offer }},{% endfor %}|"
    "{% for one in moments('bell') %}{{ one.moment }}:{{ one.content.title }},{% endfor %}|"
    "{{ moments('raw.bell')[0].content.title }}|{{ navigation('menu', menu)['items'][1].name }}"
)


def test_templates_of_flask_have_the_calls_and_escape_once(edge):
    app = flask.Flask("shop")
    Tactful(Site(edge=edge, who=from_header("X-Who"), deadline_s=5)).init_app(app)
    app.add_url_rule("/", view_func=lambda: flask.render_template_string(TEMPLATE, menu=MENU))
    answer = app.test_client().get("/", headers={"X-Who": "ann"})
    assert answer.text == (
        "Thanks &amp; more|thanks,bread,,|alert:No deliveries,reminder:Points &amp; stamps end,"
        "|Points &amp; stamps end|Tea"
    )
