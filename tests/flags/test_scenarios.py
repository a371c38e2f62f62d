"""The scenarios that OpenFeature's specification has for flags and providers, over its own client.

They say what open-feature/spec says in specification/assets/gherkin/evaluation_v2.feature and
specification/assets/provider-tck/gherkin, in tables of our own.
"""

import asyncio

import pytest

import tactful

openfeature = pytest.importorskip("openfeature.api", reason="needs openfeature-sdk")
from openfeature.evaluation_context import EvaluationContext  # noqa: E402 - after the check that it is there
from openfeature.event import ProviderEvent  # noqa: E402
from openfeature.flag_evaluation import FlagType  # noqa: E402
from openfeature.provider import ProviderStatus  # noqa: E402

from tactful_adapters.openfeature import TactfulProvider  # noqa: E402

OBJECT = {"showImages": True, "title": "Check out these pics!", "imagesPerPage": 100}
DEFAULTS = {"boolean": True, "string": "fallback", "integer": 1, "float": 0.1, "object": {"a": 1}}
EMAIL = EvaluationContext(attributes={"email": "ballmer@macrosoft.com"})
NO_EMAILS = (
    None,
    EvaluationContext(),
    EvaluationContext(attributes={"email": "ballmer@none.com"}),
    EvaluationContext(attributes={"email": None}),
    EvaluationContext(attributes={"email": 7, "unknown": object()}),
)


@pytest.fixture
def client(edge):
    openfeature.set_provider(TactfulProvider(edge))
    yield openfeature.get_client()
    openfeature.shutdown()
    openfeature.clear_providers()


def details(client, type_, key, default, context=None, *, sync=True):
    call = getattr(client, f"get_{type_}_details{'' if sync else '_async'}")
    found = call(key, default, context)
    return found if sync else asyncio.run(found)


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize(
    ("key", "type_", "default", "value", "variant"),
    [
        ("boolean-flag", "boolean", False, True, "on"),
        ("string-flag", "string", "bye", "hi", "greeting"),
        ("integer-flag", "integer", 1, 10, "ten"),
        ("float-flag", "float", 0.1, 0.5, "half"),
        ("object-flag", "object", {}, OBJECT, "template"),
        ("boolean-zero-flag", "boolean", True, False, "zero"),
        ("string-zero-flag", "string", "hi", "", "zero"),
        ("integer-zero-flag", "integer", 1, 0, "zero"),
        ("float-zero-flag", "float", 0.1, 0.0, "zero"),
        ("object-zero-flag", "object", {"a": 1}, {}, "zero"),
        ("large-integer-flag", "integer", 1, 2147483647, "max-int32"),
        ("huge-integer-flag", "integer", 1, 9007199254740991, "max-safe"),
        ("integer-flag", "float", 0.1, 10.0, "ten"),
    ],
)
def test_a_flag_has_its_value_variant_and_reason(client, key, type_, default, value, variant, sync):
    found = details(client, type_, key, default, sync=sync)

    assert (found.value, type(found.value), found.variant) == (value, type(value), variant)
    assert (found.flag_key, found.reason, found.error_code, found.error_message) == (key, "STATIC", None, None)


@pytest.mark.parametrize("key", [f"{type_}-targeted-zero-flag" for type_ in DEFAULTS])
def test_a_rule_that_matches_says_so_and_one_that_does_not_gives_the_default(client, key):
    type_ = key.partition("-")[0]
    zero = {"boolean": False, "string": "", "integer": 0, "float": 0.0, "object": {}}[type_]

    hit = details(client, type_, key, DEFAULTS[type_], EMAIL)
    missed = [details(client, type_, key, DEFAULTS[type_], context) for context in NO_EMAILS]

    assert (hit.value, hit.reason) == (zero, "TARGETING_MATCH")
    assert [(one.value, one.reason) for one in missed[:4]] == [(zero, "DEFAULT")] * 4
    assert (missed[4].value, missed[4].reason) == (zero, "STALE")  # what does not fit its type is less than is known


def test_the_context_reaches_the_rules(client):
    inside, outside = (EvaluationContext(attributes={"customer": truth}) for truth in (False, True))
    hit = EvaluationContext("5c3d8535-f81a-4478-a6d3-afaa4d51199e")
    other = EvaluationContext("f20bd32d-703b-48b6-bc8e-79d53c85134a")

    assert [client.get_string_value("context-aware", "x", one) for one in (inside, outside)] == ["INTERNAL", "EXTERNAL"]
    assert [client.get_string_value("targeting-key-flag", "x", one) for one in (hit, other, None)] == [
        "hit",
        "miss",
        "miss",
    ]
    assert client.get_string_value("string-flag", "bye", other) == "hi"


def test_metadata_keeps_its_types(client):
    metadata = details(client, "boolean", "metadata-flag", default=False).flag_metadata

    told = {name: value for name, value in metadata.items() if not name.startswith("tactful.")}
    assert told == {"string": "1.0.2", "integer": 2, "float": 0.1, "boolean": True}


@pytest.mark.parametrize("type_", DEFAULTS)
def test_a_flag_that_is_not_there_is_an_error_and_gives_the_default(client, type_):
    found = details(client, type_, "missing-flag", DEFAULTS[type_])

    assert (found.value, found.reason, found.error_code) == (DEFAULTS[type_], "ERROR", "FLAG_NOT_FOUND")


@pytest.mark.parametrize(
    ("key", "type_"),
    [
        *(("string-flag", type_) for type_ in ("boolean", "integer", "float", "object")),
        ("wrong-flag", "boolean"),
        *(("boolean-flag", type_) for type_ in ("string", "integer", "float", "object")),
        *((key, type_) for key in ("integer-flag", "float-flag") for type_ in ("boolean", "string", "object")),
        *(("object-flag", type_) for type_ in ("boolean", "string", "integer", "float")),
        ("float-flag", "integer"),
        ("huge-integer-flag", "boolean"),
    ],
)
def test_a_flag_of_another_type_is_an_error_and_gives_the_default(client, key, type_):
    found = details(client, type_, key, DEFAULTS[type_])

    assert (found.value, found.reason, found.error_code) == (DEFAULTS[type_], "ERROR", "TYPE_MISMATCH")


@pytest.mark.parametrize("type_", DEFAULTS)
def test_a_placement_with_no_offers_is_disabled(client, type_):
    found = details(client, type_, "disabled-flag", DEFAULTS[type_])

    assert (found.value, found.reason, found.variant, found.error_code) == (DEFAULTS[type_], "DISABLED", None, None)


@pytest.mark.parametrize("type_", DEFAULTS)
def test_an_edge_that_is_closed_is_fatal_at_first_and_not_ready_later(edge, type_):
    openfeature.set_provider(TactfulProvider(edge))
    client = openfeature.get_client()
    edge.close()
    later = details(client, type_, f"{type_}-flag", DEFAULTS[type_])
    openfeature.set_provider(TactfulProvider(edge))
    fatal = details(client, type_, f"{type_}-flag", DEFAULTS[type_])

    assert client.get_provider_status() is ProviderStatus.FATAL
    assert (later.value, later.reason, later.error_code) == (DEFAULTS[type_], "ERROR", "PROVIDER_NOT_READY")
    assert (fatal.value, fatal.reason, fatal.error_code) == (DEFAULTS[type_], "ERROR", "PROVIDER_FATAL")
    openfeature.clear_providers()


def test_another_policy_is_told_and_applied(client, edge, policy_of):
    told = []
    client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, told.append)
    before = client.get_string_value("changing-flag", "unset")
    edge.update(policy_of("two"))

    after = client.get_string_value("changing-flag", "unset")

    assert (before, after) == ("one", "two")
    assert ["changing-flag" in one.flags_changed for one in told] == [True]


def test_hooks_see_what_was_found(client):
    from openfeature.hook import Hook  # noqa: PLC0415 - of this test alone

    seen = []

    class Seeing(Hook):
        def after(self, hook_context, details, hints):
            seen.append((hook_context.flag_key, hook_context.flag_type, details.value))

        def error(self, hook_context, exception, hints):
            seen.append((hook_context.flag_key, type(exception).__name__))

    client.add_hooks([Seeing()])
    client.get_string_value("string-flag", "bye")
    client.get_string_value("missing-flag", "bye")

    assert seen == [("string-flag", FlagType.STRING, "hi"), ("missing-flag", "FlagNotFoundError")]


def test_the_api_has_the_provider_s_name(client):
    assert client.provider.get_metadata().name == "tactful"
    assert isinstance(client.provider, TactfulProvider)
    assert tactful.Edge is type(client.provider._flags.edge)
