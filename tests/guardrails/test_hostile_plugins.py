"""Plugins that raise, hang, talk nonsense or change what they are shown loosen nothing, and their scope is withheld."""

import _thread
import copy
import pickle
import signal
import threading
from threading import Lock

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tactful
from tactful import Always, AtMost, PluginError, Scope, Withhold
from tactful.answers import RULES_MAX
from tactful.asking import ask
from tactful.authoring import as_markdown, document
from tactful.catalog import Catalog
from tactful.engine.middle import allowed_in
from tactful.plan.plan import Plan
from tactful.policy import PluginUse
from tactful.registry import Brought, GuardrailRules, Registry

from . import hostile
from .customers import Draw
from .houses import House, compiled, installed, shop
from .test_laws import POLICY, World, slate

EVERYTHING = Catalog(shop()).all
FOOD = Catalog(shop()).topic("food")
#: What a plugin is waited for here, where it hangs on purpose [s].
SOON_S = 0.05
HANGING = [name for name in hostile.BEFORE | hostile.AFTER if "it hangs" in name]
#: What is withheld is the scope that they declared.
DECLARED = hostile.AFTER | hostile.CHANGING_ITS_OWN
ALL = hostile.BEFORE | DECLARED | hostile.CHANGING


@pytest.fixture(scope="module", autouse=True)
def _over():
    yield
    hostile.OVER.set()


def registry_of(cls, patience_s=60.0):
    """Return the installed guardrails and one more."""
    return Registry({**installed().guardrails, "hostile": Brought(cls, "hostile", "1")}, patience_s)


CAPS = [name for name in ALL if name.startswith("its cap has ")]
#: The shop's guardrails, and the hostile one in their middle.
FAIR_USES = shop().guardrails
USES = (*FAIR_USES[:2], PluginUse("hostile"), *FAIR_USES[2:])
CONDITIONS = {**dict(POLICY.conditions), **dict(compiled(shop(), installed()).conditions)}
IMAGE = pickle.dumps(attrs.evolve(shop(), guardrails=(), conditions=tuple(CONDITIONS.items())))


def fresh(*uses):
    """Return a copy of the shop under these guardrails, which shares nothing with any other."""
    return attrs.evolve(pickle.loads(IMAGE), guardrails=copy.deepcopy(uses))  # noqa: S301 - made here


def plans(name):
    """Return the plan of the shop without a hostile guardrail, and with it."""
    registry = registry_of(ALL[name], SOON_S if name in HANGING else 60.0)
    if name not in HANGING:
        return Plan.build(fresh(*FAIR_USES), installed()), Plan.build(fresh(*USES), registry)
    rules = [installed().rules(use, Catalog(fresh(*FAIR_USES))) for use in FAIR_USES]
    policy = fresh(*USES)
    return Plan(policy, rules), Plan(policy, [*rules, registry.rules(PluginUse("hostile"), Catalog(policy))])


@pytest.mark.parametrize("name", ALL)
def test_what_breaks_the_contract_withholds_its_scope_and_loosens_nothing(name):
    fair, guarded = plans(name)
    withheld = FOOD if name in DECLARED else EVERYTHING

    broken = [bound for bound in guarded.bounds if bound.id == "core.broken.hostile"]
    assert [bound.limit for bound in broken] == [Withhold(withheld)]
    assert all(bound.reason.startswith("hostile: ") and bound.reason.isprintable() for bound in broken)
    assert [careful.partition(":")[0] for careful in guarded.careful(0)] == ["guardrail hostile"]
    assert _limits(guarded, "hostile") == _limits(fair, "hostile")
    for seed in range(12):
        world = World.of(seed)
        with_it, without_it = world.decide(guarded), world.decide(fair)
        assert allowed_in(with_it) & withheld.bits == 0
        assert allowed_in(with_it) & ~allowed_in(without_it) == 0
        assert not set(slate(with_it)) & set(withheld)


def _limits(plan, but):
    """Return the limits of all other guardrails."""
    return [
        (b.id, b.condition, b.limit, b.reason) for b in plan.bounds if not b.id.startswith((but, f"core.broken.{but}"))
    ]


def test_there_are_a_hundred():
    assert len(ALL) + len(REGISTERING) >= 100


# Plugins that are refused when they are registered.


def plugin(implementation=None, classes=None, **options):
    """Return a plugin with one hook implementation."""

    class Plugin:
        @tactful.hookimpl(**options)
        def tactful_guardrails(self):
            return [] if classes is None else classes() if callable(classes) else classes

    if implementation is not None:
        Plugin.tactful_guardrails = tactful.hookimpl(**options)(implementation)
    return Plugin()


def _wrapper(self):
    yield
    return []


def _endless(self):
    while True:
        yield hostile.guardrail()


class _Nameless:
    """No attrs class, without a name."""


class _Unheard:
    @tactful.hookimpl
    def tactful_verdicts(self):
        """Implement a hook that there is not."""


class _Trap:
    @property
    def tactful_guardrails(self):
        raise SystemExit


FAIR = hostile.guardrail()
REGISTERING = {
    "a wrapper": lambda: plugin(_wrapper, wrapper=True),
    "a hook wrapper": lambda: plugin(_wrapper, hookwrapper=True),
    "one that is first": lambda: plugin(tryfirst=True),
    "one that is last": lambda: plugin(trylast=True),
    "a hook that there is not": _Unheard,
    "one that raises": lambda: plugin(classes=hostile.raising(RuntimeError)),
    "one that ends the program": lambda: plugin(classes=hostile.raising(SystemExit)),
    "one that interrupts": lambda: plugin(classes=hostile.raising(KeyboardInterrupt)),
    "one that answers nothing": lambda: plugin(classes=lambda: None),
    "one that answers a text": lambda: plugin(classes="guardrails"),
    "one that answers without an end": lambda: plugin(_endless),
    "one that hangs": lambda: plugin(classes=hostile.hanging),
    "one whose class has no name": lambda: plugin(classes=[_Nameless]),
    "one whose class has no fields": lambda: plugin(classes=[type("Bare", (), {"name": "bare"})]),
    "one whose class is none": lambda: plugin(classes=[FAIR()]),
    "one whose name is a number": lambda: plugin(classes=[hostile.guardrail(name=5)]),
    "one whose name is of two lines": lambda: plugin(classes=[hostile.guardrail(name="a\nb")]),
    "one whose name is empty": lambda: plugin(classes=[hostile.guardrail(name="")]),
    "one whose name is taken": lambda: plugin(classes=[FAIR, FAIR]),
}


@pytest.mark.parametrize("name", REGISTERING)
def test_a_plugin_that_breaks_the_contract_is_refused_with_its_name(name):
    patience_s = SOON_S if name == "one that hangs" else 60.0
    with pytest.raises(PluginError, match=r"^plugin '.*' of elsewhere: ") as refused:
        Registry.of(REGISTERING[name](), distribution="elsewhere", patience_s=patience_s)
    assert str(refused.value).isprintable()


def test_a_trap_in_a_plugin_is_not_sprung_on_us():
    try:
        found = Registry.of(_Trap())
    except PluginError:
        return
    assert dict(found.guardrails) == {}


def test_a_fair_one_is_taken():
    registry = Registry.of(plugin(classes=[FAIR]))
    rules = registry.rules(PluginUse("hostile"), Catalog(shop()))

    assert rules.broken is None
    assert [id_ for id_, _ in rules.rules] == ["hostile.1"]
    assert rules.scope == FOOD


# Absent, of another version, hanging, late.


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (PluginUse("nowhere"), "guardrail 'nowhere' is not installed"),
        (PluginUse("hostile", ">=2"), "guardrail 'hostile': 1 is not >=2"),
        (PluginUse("hostile", "", {"loud": 1}), "unexpected keyword argument 'loud'"),
    ],
)
def test_what_is_absent_withholds_everything(use, words):
    found = registry_of(FAIR).rules(use, Catalog(shop()))
    assert words in found.broken
    assert (found.scope, found.rules) == (EVERYTHING, ())


def test_what_hangs_is_left_behind_once_and_not_asked_again():
    registry = registry_of(hostile.guardrail(limits=hostile.hanging), SOON_S)
    before = threading.active_count()
    first, second = (registry.rules(PluginUse("hostile"), Catalog(shop())) for _ in range(2))

    assert first.broken == "it did not come back within 0.05 s"
    assert second.broken == "it has not come back from an earlier question"
    assert (first.scope, second.scope) == (FOOD, EVERYTHING)
    assert threading.active_count() == before + 1


def test_what_hangs_harms_no_edge_that_runs():
    hanging = registry_of(ALL["asked for its limits, it hangs"])
    with tactful.open(fresh(*FAIR_USES), registry=installed()) as edge:
        plan = edge.plan
        stuck = threading.Thread(target=lambda: Plan.build(fresh(*USES), hanging))
        stuck.start()
        shown = [pick.offer for pick in edge.decide("web.page", None).picks]
        assert stuck.is_alive()
        assert "bread" in shown
        assert edge.plan is plan
        hostile.OVER.set()
        stuck.join()
        hostile.OVER.clear()


def test_an_interrupt_of_the_user_is_the_user_s():
    def question():
        _thread.interrupt_main()
        hostile.OVER.wait(5)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have background jobs ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            ask(question, Lock(), 30)
    finally:
        signal.signal(signal.SIGINT, before)


def test_where_no_thread_can_be_started_nothing_is_taken_as_said(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", hostile.raising(RuntimeError("can't start new thread")))
    turn = Lock()
    for _ in range(2):
        with pytest.raises(PluginError, match="no thread can be started"):
            ask(lambda: 1, turn, SOON_S)
    assert registry_of(FAIR).rules(PluginUse("hostile"), Catalog(shop())).scope == EVERYTHING


def test_the_limits_of_a_guardrail_are_bounded():
    def many(count):
        def limits(catalog):
            return (Always(Withhold(hostile.food(catalog)), "") for _ in range(count))

        return registry_of(hostile.guardrail(limits=limits)).rules(PluginUse("hostile"), Catalog(shop()))

    assert len(many(RULES_MAX).rules) == RULES_MAX
    assert many(RULES_MAX + 1).broken == "it yields more than 10000 limits"


def test_a_limit_that_is_changed_later_changes_nothing():
    kept = []

    def limits(catalog):
        kept.extend([Withhold(catalog.topic("bread")), AtMost(catalog.topic("wine"), count=0)])
        return [Always(limit, "") for limit in kept]

    registry = registry_of(hostile.guardrail(limits=limits))
    plan = Plan.build(fresh(*USES), registry)
    before = [slate(World.of(seed).decide(plan)) for seed in range(5)]
    for limit in kept:
        hostile.put(limit.scope, "bits", 0)
        hostile.put(limit, "scope", Scope())
    assert [slate(World.of(seed).decide(plan)) for seed in range(5)] == before
    assert [bound.limit.scope for bound in plan.bounds if bound.id.startswith("hostile.")] == [
        Catalog(shop()).topic("bread"),
        Catalog(shop()).topic("wine"),
    ]


@pytest.mark.parametrize("name", hostile.CHANGING)
def test_a_policy_is_what_it_was_before_a_guardrail_changed_it(name):
    policy = fresh(*USES)
    plan = Plan.build(policy, registry_of(ALL[name]))

    assert repr(plan.policy) == repr(fresh(*USES))
    assert repr(policy) != repr(plan.policy) or "labels" in name  # what the caller holds is theirs to mend


# Its line in the policy document.


SENTENCES = {
    "raises": hostile.raising(RuntimeError),
    "ends the program": hostile.raising(SystemExit),
    "hangs": hostile.hanging,
    "answers nothing": lambda _: None,
    "answers two lines": lambda _: "We never\n# do that",
    "answers without an end": lambda _: "never " * 1_000,
    "answers with a class of its own": lambda _: hostile.Text("never"),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_that_breaks_the_contract_spoils_no_document(name):
    cls = hostile.guardrail(sentence=SENTENCES[name])
    registry = registry_of(cls, SOON_S if name == "hangs" else 60.0)
    line = registry.sentence(PluginUse("hostile"), tactful.Dial.BALANCED)
    assert line.startswith(("It is broken (it ", "It does not say what it does."))
    if name != "hangs":
        assert f"**hostile**: {line}" in as_markdown(document(fresh(*USES), registry))


# What these tests are able to see: each precaution that is left out lets a plugin through.


def _calls_at_once(question, turn, patience_s=0):
    return question()


def _takes_as_it_is(name, answer, catalog, scope):
    return tuple((f"{name}.{number}", rule) for number, rule in enumerate(answer, 1))


BREACH = test_what_breaks_the_contract_withholds_its_scope_and_loosens_nothing
PRECAUTIONS = {
    "a thread of its own": ("tactful.registry.ask", _calls_at_once, lambda: BREACH("made, it raises SystemExit")),
    "exact rules": ("tactful.registry.rules_of", _takes_as_it_is, lambda: BREACH("its reason is of two lines")),
    "copies": (
        "tactful.registry.rules_of",
        _takes_as_it_is,
        test_a_limit_that_is_changed_later_changes_nothing,
    ),
    "scopes": ("tactful.answers.touched", lambda *_: Scope(), lambda: BREACH("it limits more than it declared")),
    "a look at the catalog": ("tactful.registry.parts_of", id, lambda: BREACH("it changes the others' settings")),
    "a look at the policy": (
        "tactful.registry.image_of",
        lambda *_: b"",
        lambda: BREACH("it changes an offer by force"),
    ),
}


@pytest.mark.parametrize("precaution", PRECAUTIONS)
def test_a_precaution_that_is_left_out_is_missed(precaution, monkeypatch):
    where, relaxed, check = PRECAUTIONS[precaution]
    monkeypatch.setattr(where, relaxed)
    with pytest.raises((AssertionError, SystemExit)):
        check()


# The law, at random: what is broken is as if its scope were withheld.


@given(st.sampled_from([name for name in ALL if name not in HANGING]), st.integers(0, 2**32))
def test_what_breaks_the_contract_is_as_if_its_scope_were_withheld(name, seed):
    world = World.of(seed)
    guardrails = world.guardrails(3)
    scope = FOOD if name in DECLARED else EVERYTHING
    withheld = GuardrailRules("hostile", scope, broken="it is")
    found = registry_of(ALL[name]).rules(PluginUse("hostile"), Catalog(fresh(*USES)))
    if found.broken is None:  # told at another place: in the plan, or once all were asked
        assert name in hostile.CHANGING or "its condition is" in name
        return
    with_it, without_it = world.decide([*guardrails, found]), world.decide([*guardrails, withheld])
    assert allowed_in(with_it) == allowed_in(without_it)


def test_the_customers_of_these_tests_differ():
    assert len({tuple(sorted(Draw(POLICY, seed).customer().attributes)) for seed in range(12)}) > 6
    assert House().registry.guardrails.keys() == installed().guardrails.keys()


@pytest.mark.parametrize("name", CAPS)
def test_a_cap_that_is_none_is_refused_for_what_it_is(name):
    answer = registry_of(ALL[name]).rules(PluginUse("hostile"), Catalog(shop()))
    assert answer.broken is not None
    assert answer.broken.startswith("rule 2: ")
    assert "Error" not in answer.broken
