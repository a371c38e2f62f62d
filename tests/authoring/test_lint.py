"""The linter asks what a reviewer would ask, and is silent where there is nothing to ask."""

import pytest

from tactful.authoring import compile_folder, lint
from tactful.authoring.init import init

QUIET = """\
offers:
  all: {purpose: offers}
  bread: {intent: sell, topic: food, when: segment.regulars && !profile.vegan, treatments: Bread}
  wine: {intent: sell, topic: wine, when: '"wine" in profile.tags && profile.spend > 9.0', treatments: A new red}
ranking: {affinity: scores}
"""
READER = "offers: {n: {intent: sell, topic: food, treatments: N, when: %s}}\n"
#: A policy's other sections, and what the finding is about.
SAMPLES = {
    "guardrail-off": ("guardrails: {staleness: off}", "guardrail staleness"),
    "segment-not-counted": ("segments: {new: context.rain}\n" + READER % "segment.new", "segment new"),
    "segment-small": ("segments: {new: {when: context.rain, size: 3}}\n" + READER % "segment.new", "segment new"),
    "segment-unused": ("segments: {new: {when: context.rain, size: 99}}", "segment new"),
    "attribute-unused": ("profile: {more: {new: {type: int, owner: crm}}}", "attribute new"),
    "attribute-unowned": (
        "profile: {more: {new: {type: int, source: stated}}}\n" + READER % "profile.new > 1",
        "attribute new",
    ),
    "treatment-unplaced": (
        (
            "placements: {help: {channel: web, intents: help, fallback: {title: Hi}}}\n"
            "offers: {n: {intent: sell, topic: food, placements: help, treatments: N}}"
        ),
        "treatment n/t1",
    ),
    "treatment-unusable": (
        (
            "channels: {screen: {privacy: exposed, tone: context}}\n"
            "placements: {wall: {channel: screen, fallback: {title: Hi}}}\n"
            "offers: {n: {intent: sell, topic: food, channels: screen, treatments: [N, '{profile.first_name}']}}"
        ),
        "treatment n/t2",
    ),
    "personal-in-public": ("channels: {screen: exposed}", "channel screen"),
    "event-unconsented": (
        "events: {identify: {spend: spend}, track: {Bought: {properties: {spend: spend}}}}",
        "attribute spend",
    ),
    "event-one-way": (
        "events: {consent: {Advertising: offers}, identify: {spend: spend}}",
        "consent category Advertising",
    ),
    "trigger-empty": (
        (
            "placements: {note: {channel: email, intents: help}}\n"
            "triggers: {new: {event: Rain, placement: note, port: push}}"
        ),
        "trigger new",
    ),
    "trigger-unread": (
        (
            "context: {wet: bool}\n"
            "triggers: {new: {event: Rain, when: context.rain, placement: letter, port: push,"
            " properties: {it: rain, wet: wet}}}"
        ),
        "trigger new",
    ),
    "tag-idle": (
        (
            "ranking: {model: {terms: [{tags: bargan, weight: 1}, {tags: bargain, weight: 1}]}}\n"
            "offers: {n: {intent: sell, topic: food, treatments: N, tags: bargain}}"
        ),
        "term 1",
    ),
    "field-like-key": ("offers: {n: {intent: sell, topic: food, treatments: {title: N, lfit: 2}}}", "field lfit"),
}


@pytest.fixture
def findings(compiled, registry):
    def finding(text):
        return [(one.code, one.about) for one in lint(compiled(QUIET, text), registry=registry)]

    return finding


def test_a_quiet_policy(findings):
    assert findings("") == []


@pytest.mark.parametrize("code", SAMPLES)
def test_a_finding_and_nothing_else(findings, code):
    text, about = SAMPLES[code]
    assert findings(text) == [(code, about)]


def test_every_finding_says_why_and_what_to_do(compiled, registry):
    text, _ = SAMPLES["segment-small"]
    (found,) = lint(compiled(QUIET, text), registry=registry)
    assert str(found) == (
        "segment new: 3 customers are fewer than 50, so it is PERSONAL; widen its rule, or mean it [segment-small]"
    )


def test_what_speaks_personally_in_public_is_counted(compiled, registry):
    (found,) = lint(compiled(QUIET, SAMPLES["personal-in-public"][0]), registry=registry)
    assert found.reason == "others see it, and 1 treatments speak personally there"
    quiet = SAMPLES["personal-in-public"][0].replace("exposed", "{privacy: exposed, tone: segment}")
    assert lint(compiled(QUIET, quiet), registry=registry) == ()


def test_the_starter_has_no_findings(tmp_path):
    init(tmp_path / "shop")
    assert lint(compile_folder(tmp_path / "shop")) == ()
