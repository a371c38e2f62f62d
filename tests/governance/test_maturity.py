"""The assessment: each criterion can be met and missed, and no tighter policy is less mature."""

import json
import re
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tactful import Dial, Familiarity, Privacy, Registry, Sensitivity
from tactful.authoring import compile_folder, init
from tactful.cli.app import app
from tactful.governance import Figures, Level, assess
from tactful.governance.criteria import COLUMNS, CRITERIA
from tactful.holdouts import Holdout
from tactful.policy import PluginUse

ROOT = Path(__file__).parents[2]
REGISTRY = Registry.installed()
LOGS = Figures({("o", "t", "x"): {"shown": 4000, "complaint": 3, "dismissed": 9}}, 5000, 900, {"boudoir.x": 900})
CAP = {"count": 2, "within_s": 604_800, "of": "all"}
HOURS = {"from_min": 1290, "to_min": 480}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """What `tactful init` writes."""
    init(folder := tmp_path_factory.mktemp("policy") / "policy")
    return compile_folder(folder)


def bare(policy):
    """The policy without all that a criterion looks for."""
    return attrs.evolve(
        policy,
        guardrails=(),
        holdouts=(),
        channels=tuple(attrs.evolve(one, tone=Familiarity.PERSONAL) for one in policy.channels),
        topics=tuple(attrs.evolve(one, sensitivity=Sensitivity.ORDINARY, forbidden=()) for one in policy.topics),
        attributes=tuple(attrs.evolve(one, owner="", readers=()) for one in policy.attributes),
        values=attrs.evolve(policy.values, dial=Dial.BOLD, exposure_margin=0.0, signatures=1),
    )


def guardrail(name, **set_):
    def tighten(policy):
        others = tuple(use for use in policy.guardrails if use.name != name)
        before = {key: value for use in policy.guardrails if use.name == name for key, value in use.settings.items()}
        return attrs.evolve(policy, guardrails=(*others, PluginUse(name, settings={**before, **set_})))

    return tighten


def values(**changed):
    return lambda policy: attrs.evolve(policy, values=attrs.evolve(policy.values, **changed))


def each(section, **changed):
    return lambda policy: attrs.evolve(
        policy, **{section: tuple(attrs.evolve(one, **changed) for one in getattr(policy, section))}
    )


def held(policy):
    return attrs.evolve(values(holdout_key="00" * 16)(policy), holdouts=(Holdout("all", 0.02),))


#: Each adds or tightens a boundary, whatever was there before.
TIGHTER = {
    **{
        name: guardrail(name)
        for name in ("breaking_bonds", "staleness", "digging_too_deep", "boudoir", "category_jumping", "moral_hazards")
    },
    "cap": guardrail("overcrowding", caps={"weekly": {**CAP, "count": 1}}),
    "quiet": guardrail("overcrowding", quiet=HOURS),
    "conservative": values(dial=Dial.CONSERVATIVE),
    "margin": values(exposure_margin=1.0),
    "signatures": values(signatures=2),
    "outbound": each("channels", outbound=True),
    "less private": each("channels", privacy=Privacy.PUBLIC),
    "tone": each("channels", tone=Familiarity.GENERIC),
    "sensitive": each("topics", sensitivity=Sensitivity.INTIMATE),
    "forbidden": each("topics", forbidden=("food",)),
    "readers": each("attributes", readers=("sales",)),
    "owners": each("attributes", owner="crm"),
    "holdout": held,
}


def all_of(policy):
    for tighten in TIGHTER.values():
        policy = tighten(policy)
    return policy


def levels(policy, figures=LOGS):
    return {one.column: one.level for one in assess(policy, REGISTRY, figures)}


def test_the_bare_policy_emerges_and_all_of_it_together_leads(start):
    assert set(levels(bare(start)).values()) == {Level.EMERGING}
    assert set(levels(all_of(bare(start))).values()) == {Level.LEADING}
    assert all(one.next_step == "" and one.lacking == () for one in assess(all_of(start), REGISTRY, LOGS))


def test_every_criterion_is_missed_by_the_bare_policy_without_logs(start):
    met = [it.criterion.what for one in assess(bare(start), REGISTRY) for it in one.judged if it.found.met]

    assert met == []


def test_without_logs_nothing_leads_that_logs_would_have_to_show(start):
    found = assess(all_of(start), REGISTRY)

    assert {one.level for one in found} == {Level.PRACTICING}
    assert all(one.lacking for one in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(TIGHTER)), max_size=8), st.sampled_from(sorted(TIGHTER)), st.booleans())
def test_to_tighten_or_add_a_boundary_never_lowers_a_level(start, before, one, is_bare):
    policy = bare(start) if is_bare else start
    for name in before:
        policy = TIGHTER[name](policy)
    was, now = levels(policy), levels(TIGHTER[one](policy))

    assert all(was[column] <= now[column] for column in COLUMNS)


def test_to_loosen_lowers_levels_so_that_the_law_can_fail(start):
    policy = all_of(start)

    assert levels(attrs.evolve(policy, guardrails=()))["contact frequency"] is Level.EMERGING
    assert levels(values(dial=Dial.BOLD)(policy))["offer messaging"] is Level.PRACTICING
    assert levels(each("attributes", readers=())(policy))["use of personal data"] is Level.PRACTICING
    assert levels(attrs.evolve(policy, holdouts=()))["offer positioning"] is Level.PRACTICING


@pytest.mark.parametrize(("event", "column"), [("complaint", COLUMNS[0]), ("too_personal", COLUMNS[3])])
def test_much_offence_is_not_leading(start, event, column):
    offending = attrs.evolve(LOGS, events={("o", "t", "x"): {"shown": 4000, event: 200}})

    assert levels(all_of(start), offending)[column] is Level.PRACTICING


def test_the_table_of_the_docs_is_the_one_that_is_used():
    page = (ROOT / "docs" / "governance.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w ]+) \| (practicing|leading) \| ([^|]+) \| ([^|]+) \|", page, re.MULTILINE)

    assert [tuple(map(str.strip, row)) for row in rows] == [
        (one.column, "leading" if one.leading else "practicing", one.what, one.step) for one in CRITERIA
    ]


def test_the_command(tmp_path):
    folder = str(tmp_path / "policy")
    assert CliRunner().invoke(app, ["init", folder]).exit_code == 0
    told = CliRunner().invoke(app, ["maturity", folder, "--json"])
    words = CliRunner().invoke(app, ["maturity", folder])

    assert told.exit_code == words.exit_code == 0
    assert [one["respect"] for one in json.loads(told.stdout)] == list(COLUMNS)
    assert "Contact frequency:" in words.stdout
    assert "Next:" in words.stdout
    assert CliRunner().invoke(app, ["maturity", str(tmp_path / "none")]).exit_code == 2
