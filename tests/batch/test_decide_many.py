"""A table of customers gets what `decide` says of each; what a table cannot mean is refused by name."""

import datetime as dt
import inspect
import math

import attrs
import pyarrow as pa
import pytest
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import Contact, MemoryStore, Observation, Snapshot, Source
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.errors import UsageError
from tactful.score_model import Feature, ScoreModel, Term

NOW_US = 20_000 * DAY_US
NOW = dt.datetime.fromtimestamp(NOW_US / 1e6, dt.UTC)
HEAD = """
channels: {web: private, kiosk: public}
placements: {rows: {channel: web, slots: 3}, pair: {channel: web, slots: 1}, screen: {channel: kiosk, slots: 3}}
topics: {food: {}, garden: {}}
purposes: {offers: {basis: consent}, service: {basis: contract}}
context: {page: text}
ranking: {affinity: likes, absent: 0.5, ceiling: 3}
profile:
  shop:
    all: {owner: crm, purpose: offers, source: observed}
    visits: {type: int, max_age: 30d, say: how often you visit}
    name: {type: text, say: your name}
    birthday: {type: text, say: your birthday}
    tags: {type: list of text, say: what you like}
    since: {type: time, say: since when you are here}
    likes: scores
offers:
  all: {intent: sell, topic: food, purpose: offers}
  bread: {value: 1, affinity: bread, treatments: [Bread]}
  olives:
    value: 2
    affinity: olives
    when: profile.visits >= 5
    treatments: [Olives, {title: "{profile.name}'s olives", lift: 2}]
  spade: {value: 1.5, topic: garden, when: "'garden' in profile.tags", treatments: [A spade]}
  page: {value: 1.2, when: 'context.page == "food"', treatments: [Here]}
  ask: {value: 0.7, when: missing(profile.birthday), treatments: [When is your birthday?]}
  old: {value: 0.6, when: 'profile.since < timestamp("2020-01-01T00:00:00Z")', treatments: [Thank you for the years]}
"""
ATTRIBUTES = ("visits", "name", "birthday", "tags", "since", "likes")


def opened(more="", store=None):
    policy = compile_files({"policy.yaml": (HEAD + more).encode()})
    return tactful.open(policy, store=store or MemoryStore(clock=lambda: NOW_US), clock=lambda: NOW_US)


@pytest.fixture
def edge():
    with opened() as edge:
        yield edge


def ago(days):
    return NOW - dt.timedelta(days=days)


#: Rows as Python has them; what is not there is null.
ROWS = [
    {"customer": "ann", "visits": 8, "name": "Ann", "tags": ["garden", "wine"], "likes": [("olives", 2.5)]},
    {"customer": "bob", "visits": 1, "name": "Bob", "birthday": "1 June", "likes": [("bread", 9.0), ("olives", 0.1)]},
    {"customer": "cat", "visits": 8, "visits.at": ago(31), "since": ago(9999), "tags": []},
    {"customer": "dan", "visits": 8, "visits.at": ago(29), "consent.offers": "withdrawn"},
    {"customer": "eve", "visits": 7, "name": "Eve", "consent.offers": "double_opt_in", "likes": []},
    {"customer": "fay"},
]
TYPES = {
    "customer": pa.string(),
    "visits": pa.int64(),
    "visits.at": pa.timestamp("us", "UTC"),
    "visits.source": pa.string(),
    "visits.confidence": pa.float64(),
    "name": pa.string(),
    "birthday": pa.string(),
    "tags": pa.list_(pa.string()),
    "since": pa.timestamp("us", "UTC"),
    "likes": pa.map_(pa.string(), pa.float64()),
    "consent.offers": pa.string(),
}


def table(rows=None, **types):
    rows = ROWS if rows is None else rows
    rows = [{"consent.offers": "explicit", **row} for row in rows]
    return pa.Table.from_pylist(rows, schema=pa.schema({**TYPES, **types}))


def alone(edge, row, place, context=None, contacts=()):
    """Return what `decide` says of one row."""
    at_us = {name: row.get(f"{name}.at") for name in ATTRIBUTES}
    attributes = {
        name: Observation(
            tactful_value(row[name]),
            Source.OBSERVED,
            NOW_US if at_us[name] is None else round(at_us[name].timestamp() * 1e6),
        )
        for name in ATTRIBUTES
        if row.get(name) is not None
    }
    consents = {"offers": row.get("consent.offers", "explicit")}
    profile = Snapshot(row["customer"], NOW_US, attributes)
    decision = edge.decide(place, row["customer"], context, profile=profile, consents=consents, contacts=contacts)
    return told(decision)


def tactful_value(value):
    return dict(value) if isinstance(value, list) and value and isinstance(value[0], tuple) else value


def told(decision):
    return [
        (one.placement, one.offer, one.treatment, one.tone.name, one.basis.name, one.worth) for one in decision.picks
    ]


def many(decisions, customer):
    names = ("placement", "offer", "treatment", "tone", "basis", "worth")
    rows = [row for row in decisions.table.to_pylist() if row["customer"] == customer]
    assert [row["slot"] for row in rows] == list(range(len(rows)))
    return [tuple(row[name] for name in names) for row in rows]


@pytest.mark.parametrize("place", ["rows", "screen", ("rows", "pair")])
@pytest.mark.parametrize("context", [None, {"page": "food"}])
def test_each_customer_gets_what_decide_says(edge, place, context):
    decisions = edge.decide_many(place, table(), context)

    assert (decisions.one_by_one, decisions.careful, len(decisions)) == ("", (), len(ROWS))
    for number, row in enumerate(ROWS):
        expected = alone(edge, row, place, context)
        assert many(decisions, row["customer"]) == expected, row["customer"]
        assert told(decisions[number]) == expected
    assert {basis for *_, basis, _ in many(decisions, "dan")} <= {"GENERIC", "CONTEXT"}  # no consent, no profile


def test_a_question_is_for_those_whose_answer_is_missing(edge):
    decisions = edge.decide_many("rows", table([{"customer": "ann"}, {"customer": "bob", "birthday": "1 June"}]))
    assert "ask" in {offer for _, offer, *_ in many(decisions, "ann")}
    assert "ask" not in {offer for _, offer, *_ in many(decisions, "bob")}


def test_a_decision_of_its_own_has_content_reasons_and_a_token(edge):
    decisions = edge.decide_many("rows", table())
    ann = decisions[0]
    assert "Ann&#x27;s olives" in {pick.content["title"] for pick in ann.picks}
    assert ann.explain().of("old")
    assert edge.record(ann.token)
    assert not edge.record(decisions[0].token)  # the same decision
    assert edge.record(decisions[1].token)
    with pytest.raises(IndexError, match="6 decisions"):
        decisions[6]


CAP = """
caps: {daily: {of: topic, count: 2, within: 1d, exempt: []}}
"""


def test_caps_count_what_the_ledger_has_or_the_caller_brings():
    with opened(CAP) as edge:
        contacts = {"ann": [Contact(f"{n}", "ann", "shown", NOW_US - 1, topic="food") for n in range(2)]}
        brought = edge.decide_many("rows", table(), contacts=contacts)
        assert {offer for _, offer, *_ in many(brought, "ann")} == {"spade"}
        for row in ROWS:
            theirs = contacts.get(row["customer"], ())
            assert many(brought, row["customer"]) == alone(edge, row, "rows", contacts=theirs)
        for contact in contacts["ann"]:
            edge.observe("ann", "shown", topic="food", id=contact.id)
        assert edge.decide_many("rows", table()).table.equals(brought.table)


def test_a_page_fills_its_own_caps():
    with opened(CAP) as edge:
        decisions = edge.decide_many("rows", table(), {"page": "food"})
        assert [offer for _, offer, *_ in many(decisions, "fay")] == ["page", "bread"]  # and no question: it is of food
        for row in ROWS:
            assert many(decisions, row["customer"]) == alone(edge, row, "rows", {"page": "food"})


def test_a_cap_that_steps_down_lets_no_affinity_rank():
    more = "caps: {daily: {of: topic, count: 1, within: 1d, then: downgrade}}\n"
    contacts = {"bob": [Contact("1", "bob", "shown", NOW_US - 1, topic="food")]}
    with opened(more) as edge:
        decisions = edge.decide_many("rows", table(), contacts=contacts)
        for row in ROWS:
            theirs = contacts.get(row["customer"], ())
            assert many(decisions, row["customer"]) == alone(edge, row, "rows", contacts=theirs)
        assert {basis for *_, basis, _ in many(decisions, "bob")} <= {"GENERIC", "CONTEXT"}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("caps: {budget: {per: everyone, of: all, count: 4, within: 1d}}\n", "a budget for everyone"),
        ("caps: {budget: {per: everyone, of: all, count: 4, within: 1d, strict: true}}\n", "strict"),
    ],
)
def test_where_customers_depend_on_one_another_it_is_said(more, why):
    with opened(more) as edge:
        decisions = edge.decide_many("rows", table())
        assert why in decisions.depends
        assert why in decisions.one_by_one
        shown = decisions.table.num_rows
        assert 0 < shown <= 4


def scored():
    """The shop with a model that turns the order of what customers like."""
    model = ScoreModel((Term(-3.0, Feature.AFFINITY),), shortlist=2)
    policy = compile_files({"policy.yaml": HEAD.encode()})
    policy = attrs.evolve(policy, ranking=attrs.evolve(policy.ranking, model=model))
    return tactful.open(policy, store=MemoryStore(clock=lambda: NOW_US), clock=lambda: NOW_US)


def test_under_a_score_model_all_are_decided_at_once_as_for_one():
    with scored() as edge:
        decisions = edge.decide_many("rows", table())
        assert (decisions.depends, decisions.one_by_one) == ("", "")
        assert [told(decisions[row]) for row in range(len(ROWS))] == [many(decisions, one["customer"]) for one in ROWS]
    with scored() as edge, opened() as usual:
        assert all(many(decisions, row["customer"]) == alone(edge, row, "rows") for row in ROWS)
        assert any(many(decisions, row["customer"]) != alone(usual, row, "rows") for row in ROWS)


@pytest.mark.parametrize("per", ["household", "everyone"])
@pytest.mark.parametrize("strict", ["", ", strict: true"])
def test_caps_that_limit_nothing_on_the_page_hold_nobody_up(per, strict):
    more = f"caps: {{there: {{per: {per}, of: all, channels: [kiosk], count: 1, within: 1d{strict}}}}}\n"
    with opened(more) as edge:
        edge.observe("ann", "shown", topic="food")  # it is reached
        decisions = edge.decide_many("rows", table())
        assert decisions.one_by_one == ""
        for row in ROWS:
            assert many(decisions, row["customer"]) == alone(edge, row, "rows")
        assert edge.decide_many("screen", table()).depends


def test_a_budget_that_is_large_enough_is_looked_at_once():
    with opened("caps: {budget: {per: everyone, of: all, count: 999, within: 1d}}\n") as edge:
        decisions = edge.decide_many("rows", table())
        assert (decisions.depends, decisions.one_by_one) == ("", "")


def test_consents_come_from_the_edge_where_the_table_tells_none():
    store = MemoryStore(clock=lambda: NOW_US)
    with opened("", store) as edge:
        edge.opt_in("ann", "offers")
        decisions = edge.decide_many("rows", table().drop_columns(["consent.offers"]))
        assert many(decisions, "ann") == alone(edge, ROWS[0], "rows")
        assert {basis for *_, basis, _ in many(decisions, "bob")} == {"GENERIC"}


def test_parts_are_put_together_and_told_of(edge, monkeypatch):
    from tactful.engine.batch import many as module  # noqa: PLC0415 - to make its parts small

    whole = edge.decide_many("rows", table()).table
    monkeypatch.setattr(module, "CHUNK", 4)
    heard = []
    assert edge.decide_many("rows", table(), progress=lambda *one: heard.append(one)).table.equals(whole)
    assert heard == [(4, 6), (6, 6)]


def test_nobody_is_decided_for_as_quickly(edge):
    decisions = edge.decide_many("rows", table([]))
    assert (len(decisions), decisions.table.num_rows) == (0, 0)
    assert decisions.table.column_names == edge.decide_many("rows", table()).table.column_names


def test_words_can_be_categories_and_tables_can_come_from_elsewhere(edge):
    whole = table()
    coded = whole.set_column(
        whole.column_names.index("consent.offers"), "consent.offers", whole["consent.offers"].dictionary_encode()
    )
    assert edge.decide_many("rows", coded).table.equals(edge.decide_many("rows", whole).table)
    assert edge.decide_many("rows", whole.to_batches()[0]).table.equals(edge.decide_many("rows", whole).table)


def test_values_that_do_not_fit_are_unknown_and_told_of(edge):
    rows = [{"customer": "ann", "visits": "often"}, {"customer": "bob", "visits": "8"}, {"customer": "cat"}]
    decisions = edge.decide_many("rows", table(rows, visits=pa.string()))
    assert decisions.careful == ("profile.visits does not fit its type in 2 rows",)
    assert "olives" not in {offer for _, offer, *_ in many(decisions, "ann")}

    for wrong in (-1.0, math.nan, math.inf, None):
        decisions = edge.decide_many("rows", table([{"customer": "ann", "likes": [("olives", wrong)]}]))
        assert decisions.careful == ("profile.likes does not fit its type in 1 rows",)


def test_a_word_that_is_no_consent_refuses(edge):
    decisions = edge.decide_many("rows", table([{"customer": "ann", "consent.offers": "sure"}]))
    assert {basis for *_, basis, _ in many(decisions, "ann")} == {"GENERIC"}
    assert decisions.careful == ("consent to offers is not understood in some rows: refused",)


WRONG = [
    (lambda: table().drop_columns(["customer"]), "column 'customer' is missing"),
    (lambda: table([{"customer": None}]), "column 'customer': 1 rows have none"),
    (lambda: table([{"customer": "a"}, {"customer": "a"}]), "column 'customer': 1 rows are of a customer who has"),
    (lambda: table([{"customer": ""}]), "column 'customer': an empty text is nobody"),
    (lambda: table().rename_columns({"visits": "visit"}), "column 'visit': .* did you mean 'visits'?"),
    (lambda: pa.Table.from_arrays([table()["name"]] * 2, ["name", "name"]), "column 'name' is there more than once"),
    (lambda: table(**{"visits.at": pa.timestamp("us")}), "column 'visits.at': expected timestamps with a time zone"),
    (lambda: table(likes=pa.list_(pa.float64()), rows=[{"customer": "a"}]), "column 'likes': expected maps"),
    (lambda: table([{"customer": "a", "visits.source": "gossip"}]), "column 'visits.source': a source is one of"),
    (
        lambda: table([{"customer": "a", "visits.confidence": 1.5}]),
        "column 'visits.confidence': a confidence is 0 to 1",
    ),
    (lambda: table([{"customer": "a", "visits.confidence": math.nan}]), "column 'visits.confidence'"),
    (lambda: [1, 2], "customers come as an Arrow table, or as what gives one; got list"),
    (lambda: None, "got NoneType"),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_a_table_cannot_mean_is_refused_by_name(edge, make, message):
    with pytest.raises(UsageError, match=message):
        edge.decide_many("rows", make())


def test_what_cannot_be_asked_is_refused(edge):
    with pytest.raises(UsageError, match="placement 'nowhere' is not in the policy"):
        edge.decide_many("nowhere", table())
    with pytest.raises(UsageError, match="no placement is named"):
        edge.decide_many((), table())
    with pytest.raises(UsageError, match=r"context\.page does not fit"):
        edge.decide_many("rows", table(), {"page": 3})
    edge.close()
    with pytest.raises(UsageError, match="closed"):
        edge.decide_many("rows", table())


def test_nothing_personal_is_in_what_it_says_of_itself(edge):
    decisions = edge.decide_many("rows", table())
    assert repr(decisions) == f"<Decisions for 6 customers, {decisions.table.num_rows} filled slots>"


MUTANTS = [
    ("fields", "empty = (demand.absent, demand.absent is None)", "empty = (demand.absent, False)"),
    ("chunk", "blind = effects.blind | subjects_.limited[pair % wide].blind", "blind = effects.blind"),
    ("chunk", "and not subjects_.filling[pair % wide]", ""),
    ("asked", "budgets.spare(asked.now_us, caps) >= customers * asked.page.slots", "True"),
    ("arrow", "codes[place] = UNREADABLE", "codes[place] = ABSENT"),
    ("encoded", "self.refused[row_of[wrong]] = True", "pass"),
    ("run", "customers if part.tells_consents else", "customers if True else"),
    ("around", "return contacts or {}", "return {}"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant):
    module, right, wrong = mutant
    with mutated(Mutant(f"engine.batch.{module}", right, wrong)):
        assert any(fails(check, **given) for check, given in CHECKS), "nobody noticed"


def fails(check, **given):
    with opened() as edge:
        try:
            check(**({"edge": edge} if "edge" in inspect.signature(check).parameters else {}), **given)
        except (AssertionError, ValueError):
            return True
    return False


CHECKS = [
    (test_each_customer_gets_what_decide_says, {"place": "rows", "context": None}),
    (test_a_question_is_for_those_whose_answer_is_missing, {}),
    (test_caps_count_what_the_ledger_has_or_the_caller_brings, {}),
    (test_a_page_fills_its_own_caps, {}),
    (test_a_cap_that_steps_down_lets_no_affinity_rank, {}),
    (
        test_where_customers_depend_on_one_another_it_is_said,
        {"more": "caps: {budget: {per: everyone, of: all, count: 4, within: 1d}}\n", "why": "a budget for everyone"},
    ),
    (test_consents_come_from_the_edge_where_the_table_tells_none, {}),
    (test_values_that_do_not_fit_are_unknown_and_told_of, {}),
]


def test_the_checks_pass_without_a_mutant():
    assert [check.__name__ for check, given in CHECKS if fails(check, **given)] == []
