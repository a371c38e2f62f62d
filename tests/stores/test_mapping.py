"""Tables that are there already become profiles and consents, and what they do not tell restricts."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import tactful
from tactful import Consent, ConsentState, How, Observation, Source, StoreError, UsageError, ValueRefused
from tactful.clock import NEVER_US, to_us
from tactful.consent import standing
from tactful.schema import ValueType, check_value
from tactful_adapters.mapping import Column, MappedConsents, MappedProfiles
from tactful_adapters.postgresql_query import PostgreSQLQuery

from .shop import POLICY, offers

NOW_US = 1_000_000_000_000_000
DAY = date(2001, 9, 1)
DAY_US = to_us(datetime(2001, 9, 1, tzinfo=UTC))
SAID = {"Y": ConsentState.GIVEN, "N": ConsentState.WITHDRAWN, 1: ConsentState.GIVEN}
WAYS = {"web form": How.EXPLICIT, "mail": How.DOUBLE_OPT_IN}


def profiles(*rows, **more):
    columns = {
        "visits": Column("n", at="n_at"),
        "score": Column("score", Source.MODELLED, confidence=0.6, first_party=False),
    }
    return MappedProfiles(lambda _: list(rows), columns, at="at", clock=lambda: NOW_US, **more).profile("ada")


def consents(*rows, **more):
    whole = {"purpose": "p", "state": "s", "states": SAID, "at": "at", "how": "how", "hows": WAYS, "until": "until"}
    mapped = MappedConsents(
        lambda _: [{"how": None, "until": None, **row} for row in rows], **{**whole, **more}, clock=lambda: NOW_US
    )
    return mapped.consents("ada")


def test_columns_become_observations():
    row = {"n": 7, "n_at": datetime(2001, 9, 1, tzinfo=UTC), "score": 0.5, "at": DAY}
    found = profiles(row)
    assert found.at_us == NOW_US
    assert dict(found.attributes) == {
        "visits": Observation(7, Source.OBSERVED, DAY_US),
        "score": Observation(0.5, Source.MODELLED, DAY_US, 0.6, first_party=False),
    }


@pytest.mark.parametrize(
    ("value", "kept"), [(Decimal(7), 7), (Decimal("7.5"), 7.5), (Decimal("7.00"), 7), ("x", "x"), (["a"], ["a"])]
)
def test_numbers_of_a_database_are_numbers(value, kept):
    found = profiles({"n": value, "n_at": 1, "score": None, "at": 1}).attributes["visits"].value
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize("value", ["Infinity", "NaN", "-Infinity", "1E+400"])
def test_numbers_that_are_none_become_none_that_the_edge_takes_for_one(value):
    kept = profiles({"n": Decimal(value), "n_at": 1, "score": None, "at": 1}).attributes["visits"].value
    with pytest.raises(ValueRefused):
        check_value(ValueType.INT, kept)


def test_null_is_not_known():
    assert dict(profiles({"n": None, "n_at": 1, "score": None, "at": 1}).attributes) == {}
    assert profiles() is None


@pytest.mark.parametrize("at", [None, datetime(2001, 9, 1), "yesterday", True, -1, 2**70])  # noqa: DTZ001 - the point
def test_a_value_without_a_time_is_as_old_as_can_be(at):
    found = profiles({"n": 7, "n_at": at, "score": None, "at": 5, "as_of": at}, as_of="as_of")
    assert found.attributes["visits"].at_us == 0
    assert found.at_us == 0


def test_several_rows_are_no_profile():
    row = {"n": 7, "n_at": 1, "score": 1, "at": 1}
    with pytest.raises(StoreError, match="a profile is one row, and there are 2"):
        profiles(row, row)


def test_a_column_that_is_not_there_is_named_and_no_value():
    with pytest.raises(StoreError, match=r"there is no column 'n_at'; there are: at, n, score; correct") as caught:
        profiles({"n": "canary", "score": 1, "at": 1})
    assert "canary" not in str(caught.value)


def test_rows_become_consents():
    found = consents(
        {"p": "offers", "s": "Y", "how": "mail", "at": DAY, "until": DAY, "c": "email", "e": 17},
        {"p": "service", "s": "N", "how": "web form", "at": DAY_US, "c": None, "e": None},
        channel="c",
        evidence="e",
    )
    assert found.at_us == NOW_US
    assert found.records == (
        Consent("offers", ConsentState.GIVEN, How.DOUBLE_OPT_IN, DAY_US, DAY_US, "email", "17"),
        Consent("service", ConsentState.WITHDRAWN, How.EXPLICIT, DAY_US),
    )
    assert consents() is None


def test_purposes_have_the_policy_s_names_and_others_are_passed_over():
    rows = [{"p": word, "s": "Y", "at": 1} for word in ("NL", "SMS", None, ["NL"])]
    assert [one.purpose for one in consents(*rows, purposes={"NL": "offers"}).records] == ["offers"]


@pytest.mark.parametrize(
    ("row", "given", "refused"),
    [
        ({"s": "Y", "how": "web form"}, True, False),
        ({"s": 1, "how": "web form"}, True, False),
        ({"s": "N"}, False, True),
        ({"s": "n"}, False, True),
        ({"s": "Yes!", "how": "web form"}, False, True),
        ({"s": ["Y"], "how": "web form"}, False, True),
        ({"s": None, "how": "web form"}, False, False),
        ({"s": "Y", "how": "web form", "until": DAY}, False, False),
        ({"s": "Y", "how": "web form", "until": "soon"}, False, False),
        ({"s": "N", "until": DAY}, False, True),
    ],
)
def test_what_is_not_understood_is_no_yes(row, given, refused):
    found = standing(consents({"p": "offers", "at": 1, **row}), ("offers",), "web", NOW_US)
    assert (found.given, found.refused) == (given, refused)


@pytest.mark.parametrize("how", ["telephone", None, "web form "])
def test_how_it_was_given_is_not_guessed(how):
    (record,) = consents({"p": "offers", "s": "Y", "how": how, "at": 1}).records
    assert record.how is How.UNKNOWN
    (record,) = consents({"p": "offers", "s": "Y", "at": 1}, how=None).records
    assert record.how is How.UNKNOWN


@pytest.mark.parametrize("yes_at", [None, "?", DAY, DAY_US + 3_600_000_000, DAY_US])
@pytest.mark.parametrize("no_at", [None, "?", DAY])
def test_a_no_of_the_same_day_or_of_an_unknown_time_wins(yes_at, no_at):
    found = consents(
        {"p": "offers", "s": "Y", "how": "mail", "at": yes_at}, {"p": "offers", "s": "N", "how": "mail", "at": no_at}
    )
    assert not standing(found, ("offers",), "web", NOW_US).given
    assert all(one.until_us == NEVER_US for one in found.records)


def test_the_oldest_row_says_how_old_all_is():
    rows = [{"p": "offers", "s": "Y", "at": 1, "known": known} for known in (7, 5, 9)]
    assert consents(*rows, as_of="known").at_us == 5
    assert consents(*rows, {"p": "x", "s": "Y", "at": 1, "known": None}, as_of="known").at_us == 0


# With a server

TABLES = (
    "CREATE TABLE person (crm_id text PRIMARY KEY, bread text, seen timestamptz)",
    "CREATE TABLE optin (crm_id text, list text, answer text, way text, at timestamptz)",
    "INSERT INTO person VALUES ('ada', 'bread', now()), ('bob', 'bread', now()), (E'a\\x01\\x01b', 'rye', now())",
    "INSERT INTO optin VALUES ('ada', 'NL', 'Y', 'web form', now()), ('bob', 'NL', 'N', 'web form', now())",
)
PERSON = "SELECT bread, seen FROM person WHERE crm_id = %(customer)s"
OPTIN = "SELECT list, answer, way, at FROM optin WHERE crm_id = %(customer)s"


@pytest.fixture
def crm(postgresql, tmp_path):
    schema = postgresql.schema(tmp_path)
    postgresql.run(f"CREATE SCHEMA {schema}")
    postgresql.inside(tmp_path, *TABLES)
    opened = []

    def ask(query):
        opened.append(PostgreSQLQuery(postgresql.url(tmp_path, timeout_s=1), query))
        return opened[-1]

    yield ask
    for one in opened:
        one.close()


def test_an_edge_decides_by_tables_that_were_there_before(crm):
    people = MappedProfiles(crm(PERSON), {"favourite": Column("bread", Source.STATED)}, at="seen")
    said = MappedConsents(
        crm(OPTIN),
        purpose="list",
        purposes={"NL": "offers"},
        state="answer",
        states=SAID,
        how="way",
        hows=WAYS,
        at="at",
    )
    with tactful.open(POLICY, profiles=people, consents=said) as edge:
        for who in ("ada", "bob", "eve"):
            edge.warm(who, deadline_s=10)
        assert [offers(edge, who) for who in ("ada", "bob", "eve")] == [["bread"], [], []]


def test_their_texts_are_theirs(crm):
    assert crm(PERSON)("a\1\1b")[0]["bread"] == "rye"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT bread FROM person", r"the query has no %\(customer\)s"),
        ("SELECT bred FROM person WHERE crm_id = %(customer)s", r"the query does not fit the tables \(column \"bred\""),
        ("SELECT 1 FROM persons WHERE crm_id = %(customer)s", r"does not fit the tables \(relation \"persons\""),
        ("SELEKT %(customer)s", "does not fit the tables"),
        ("DELETE FROM person WHERE crm_id = %(customer)s RETURNING 1", "the query changes something; let it only read"),
        ("SELECT pg_sleep(9), %(customer)s", "it took too long"),
    ],
)
def test_a_query_that_will_not_do_is_refused_when_it_is_opened(crm, query, said):
    with pytest.raises((StoreError, UsageError), match=said):
        crm(query)


def test_a_query_tells_no_value_when_it_fails(crm):
    ask = crm("SELECT 1 FROM person WHERE crm_id = %(customer)s AND (%(customer)s = '' OR %(customer)s::int > 1)")
    with pytest.raises(StoreError, match="a value does not fit there") as caught:
        ask("canary")
    assert "canary" not in str(caught.value)
