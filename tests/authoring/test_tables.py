"""`each:` makes an offer of every row, with the row's texts where names stand and its values in rules and texts."""

import pytest

import tactful
from tactful.expr import reads, text
from tactful.offers import Intent

SHARED = """\
offers:
  coupons:
    each: coupons.csv
    columns: {price: number, left: int, ends: time, gift: bool}
    intent: sell
    topic: "{row.topic}"
    tags: ["{ row.campaign }", spring]
    value: "{row.price}"
    affinity: "{row.topic}.{row.id}"
    run: {from: 2026-12-01, to: "{row.last}"}
    when: row.campaign in profile.tags && profile.spend > row.price * 2.0 && (row.gift || now < row.ends)
    treatments:
      - {title: "{row.title}", price: {number: "{row.price}"}, go: {link: "/coupons/{row.title}"}}
      - {title: "{profile.first_name}: {row.title}, {row.left - 1} more"}
"""
COUPONS = "offers: {coupons: {each: coupons.csv, intent: sell, topic: food, "
HEAD = "id,title,topic,campaign,price,left,ends,gift,last"
ROWS = [
    HEAD,
    "a1,Apples & pears,food,c1,1.5,3,2026-12-05T00:00:00Z,false,2026-12-04",
    '"b.2","Red, ""old"" wine",wine,c2,12,1,2026-12-06T00:00:00+01:00,true,2026-12-05',
]


@pytest.fixture
def coupons(compiled):
    def compiling(*lines, shared=SHARED):
        policy = compiled(shared, coupons__csv="\n".join(lines) + "\n")
        return [offer for offer in policy.offers if offer.id.startswith("coupons")]

    return compiling


def test_an_offer_for_each_row(coupons):
    apples, wine = coupons(*ROWS)
    assert [apples.id, wine.id] == ["coupons.a1", "coupons.b.2"]
    assert (apples.topic, wine.topic) == ("food", "wine")
    assert (apples.intent, apples.tags, apples.value) == (Intent.SELL, ("c1", "spring"), 1.5)
    assert (wine.affinity, wine.value) == ("wine.b.2", 12.0)
    assert wine.until_us - apples.until_us == tactful.clock.DAY_US


def test_the_offers_of_a_table_can_be_named(compiled):
    boosts = "ranking: {boosts: [{when: context.rain, times: 2, offers: [coupons.a1, coupons.b.2]}]}\n"
    policy = compiled(SHARED + boosts, coupons__csv="\n".join(ROWS))
    assert policy.ranking.boosts[0].offers == ("coupons.a1", "coupons.b.2")
    with pytest.raises(tactful.PolicyError, match=r"there is no offer 'coupons\.c3'"):
        compiled(SHARED + boosts.replace("a1", "c3"), coupons__csv="\n".join(ROWS))


def test_the_values_of_a_row_stand_in_its_rules_by_their_types(coupons):
    apples, wine = coupons(*ROWS)
    assert text(apples.when) == (
        '"c1" in profile.tags && profile.spend > 1.5 * 2.0 && (false || now < timestamp("2026-12-05T00:00:00Z"))'
    )
    assert text(wine.when).startswith('"c2" in profile.tags && profile.spend > 12.0 * 2.0 && (true || now <')
    for offer in (apples, wine):
        assert not any(name.startswith("row.") for name in reads(offer.when))


def test_the_texts_of_a_row_are_the_author_s(coupons):
    apples, wine = coupons(*ROWS)
    title, price, go = apples.treatments[0].content[0][1]
    assert (title.parts, price.parts, go.parts) == (("Apples & pears",), ("1.5",), ("/coupons/Apples%20%26%20pears",))
    assert wine.treatments[0].content[0][1][0].parts == ('Red, "old" wine',)
    named = apples.treatments[1].content[0][1][0].parts
    assert [part if isinstance(part, str) else text(part) for part in named] == [
        "profile.first_name",
        ": Apples & pears, ",
        "3 - 1",
        " more",
    ]


def test_what_is_in_a_table_is_text_and_never_a_rule(coupons):
    (offer,) = coupons(HEAD, "a,{profile.first_name} <b>,food,c,1,1,2026-12-05T00:00:00Z,true,2026-12-04")
    assert offer.treatments[0].content[0][1][0].parts == ("{profile.first_name} <b>",)


def test_a_link_may_come_from_a_table_if_it_is_safe(coupons):
    shared = COUPONS + 'treatments: {title: T, go: {link: "{row.url}"}}}}'
    (offer,) = coupons("id,url", "a,https://shop.example/a?b=c", shared=shared)
    assert offer.treatments[0].content[0][1][1].parts == ("https://shop.example/a?b=c",)
    with pytest.raises(tactful.PolicyError, match=r"\[link\]"):
        coupons("id,url", "a,javascript:alert(1)", shared=shared)


def test_empty_lines_and_unnamed_columns_are_nothing(coupons):
    shared = COUPONS + "id: number, treatments: '{row.title}'}}"
    first, second = coupons("number,,title,,two words", "", "1,,A,,x", "", "2,,B,,y", shared=shared)
    assert [first.id, second.id] == ["coupons.1", "coupons.2"]


def test_a_table_without_rows_makes_no_offer(coupons):
    assert coupons(HEAD) == []


def test_defaults_hold_for_rows_too(coupons):
    shared = (
        "offers:\n  all: {owner: marketing}\n  coupons: {each: coupons.csv, intent: sell, topic: food, treatments: T}\n"
    )
    assert [offer.owner for offer in coupons("id", "a", "b", shared=shared)] == ["marketing", "marketing"]


def test_a_mistake_in_one_row_leaves_the_others_readable(coupons):
    with pytest.raises(tactful.PolicyError) as raised:
        coupons(
            *ROWS,
            ROWS[1].replace("a1", "c3").replace("1.5", "cheap"),
            ROWS[1].replace("a1", "d4").replace("food", "fod"),
        )
    assert [(m.file, m.line, m.code) for m in raised.value.mistakes] == [
        ("coupons.csv", 4, "type"),
        ("coupons.csv", 5, "unknown-topic"),
    ]
