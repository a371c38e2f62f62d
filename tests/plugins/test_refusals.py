"""A plugin that cannot be taken: the error names plugin, distribution and hook, whatever is wrong with it."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import attrs
import pytest

import tactful
from tactful import PluginError, hookimpl
from tactful.registry import HOOKS, Registry


@attrs.frozen
class Named:
    name = "named"


def hooked(hook, function):
    return SimpleNamespace(__name__="theirs", **{hook: hookimpl(function)})


def refusal(plugin, patience_s=60.0):
    with pytest.raises(PluginError) as refused:
        Registry.of(plugin, distribution="their-dist", version="2.1", patience_s=patience_s)
    return str(refused.value)


@pytest.mark.parametrize("hook", HOOKS)
def test_one_that_raises(hook):
    told = refusal(hooked(hook, lambda: 1 / 0))
    assert told == f"plugin 'theirs' of their-dist: hook {hook}: it raised ZeroDivisionError"


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("wrong", [None, 7, [Named()], [object], [type("Bare", (), {"name": "bare"})]])
def test_one_that_returns_what_is_no_plugin(hook, wrong):
    told = refusal(hooked(hook, lambda: wrong))
    assert told.startswith(f"plugin 'theirs' of their-dist: hook {hook}: ")


@pytest.mark.parametrize("hook", HOOKS)
def test_one_with_an_argument_that_the_hook_has_not(hook):
    told = refusal(hooked(hook, lambda customer: [Named]))
    assert told.startswith("plugin 'theirs' of their-dist: ")
    assert hook in told
    assert "customer" in told


def test_a_hook_that_there_is_not():
    told = refusal(hooked("tactful_offers", lambda: [Named]))
    assert told.startswith("plugin 'theirs' of their-dist: ")
    assert "tactful_offers" in told


@pytest.mark.parametrize("hook", HOOKS)
def test_a_wrapper(hook):
    def wrapper():
        yield

    told = refusal(SimpleNamespace(__name__="theirs", **{hook: hookimpl(wrapper=True)(wrapper)}))
    assert told == f"plugin 'theirs' of their-dist: hook {hook}: wrappers, tryfirst and trylast are refused"


@pytest.mark.parametrize("hook", HOOKS)
def test_one_that_hangs(hook):
    from threading import Event  # noqa: PLC0415 - of this test alone

    let_go = Event()
    try:
        told = refusal(hooked(hook, lambda: [let_go.wait(30)]), patience_s=0.05)
    finally:
        let_go.set()
    assert told == f"plugin 'theirs' of their-dist: hook {hook}: it did not come back within 0.05 s"


@pytest.mark.parametrize(("hook", "kind"), HOOKS.items())
def test_a_name_that_is_taken(hook, kind):
    plugin = hooked(hook, lambda: [Named, Named])
    assert refusal(plugin) == f"plugin 'theirs' of their-dist: {kind} 'named' comes from their-dist already"


def test_one_name_can_be_of_a_guardrail_and_of_a_ranker():
    plugin = SimpleNamespace(
        __name__="theirs", tactful_guardrails=hookimpl(lambda: [Named]), tactful_rankers=hookimpl(lambda: [Named])
    )
    found = Registry.of(plugin, distribution="their-dist", version="2.1")
    assert [(name, it.kind, str(it)) for name, it in found.plugins()] == [
        ("named", "guardrail", "their-dist 2.1"),
        ("named", "ranker", "their-dist 2.1"),
    ]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("this is no Python", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_one_that_cannot_be_imported(tmp_path, source, told):
    """Installed as an installer does it; seen in a process of its own."""
    (tmp_path / "their_module.py").write_text(source, encoding="utf-8")
    info = tmp_path / "their_dist-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-dist\nVersion: 2.1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[tactful]\ntheirs = their_module\n", encoding="utf-8")
    words = "import tactful\ntry: tactful.Registry.installed()\nexcept tactful.PluginError as error: print(error)"
    paths = os.pathsep.join([str(tmp_path), *(p for p in sys.path if p)])
    ended = subprocess.run(
        [sys.executable, "-c", words],
        check=True,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
    )
    shutil.rmtree(info)
    assert ended.stdout.startswith("plugin 'theirs' of their-dist: cannot be loaded: ")
    assert told in ended.stdout


SHOP = """
channels: {web: private}
placements: {home: {channel: web, slots: 2}}
topics: {food: {}}
purposes: {offers: consent}
offers: {olives: {intent: sell, purpose: offers, topic: food, treatments: Olives}}
guardrails: {named: {}}
"""


@pytest.mark.parametrize("method", ["scope", "limits"])
def test_a_guardrail_that_breaks_is_told_with_its_distribution_and_method(method):
    from tactful.authoring import compile_files  # noqa: PLC0415 - of this test alone

    works = {"scope": lambda _, catalog: catalog.all, "limits": lambda _, catalog: (), "sentence": lambda _: "It."}

    def registry(**methods):
        cls = attrs.frozen(type("Named", (), {"name": "named", **works, **methods}))
        return Registry.of(hooked("tactful_guardrails", lambda: [cls]), distribution="their-dist", version="2.1")

    policy = compile_files({"p.yaml": SHOP.encode()}, registry=registry())
    with tactful.open(policy, registry=registry(**{method: lambda *_: 1 / 0})) as edge:
        decision = edge.decide("home", "ann")
        told = f"guardrail named: it raised ZeroDivisionError (their-dist 2.1, {method}())"
        assert decision.careful[0] == told
        assert decision.picks == ()
        assert told.partition(" ")[2] in str(decision.explain())
