"""The public names of tactful. To change this list is to change what users may rely on: it belongs in the changelog."""

import types

import tactful

PUBLIC = [
    "EDGES_MAX",
    "READINGS",
    "Access",
    "Acknowledged",
    "Always",
    "Approval",
    "Ask",
    "AtMost",
    "BundleError",
    "Calendar",
    "Cap",
    "Catalog",
    "CentreError",
    "Change",
    "Changes",
    "Clock",
    "Consent",
    "ConsentState",
    "Consents",
    "Contact",
    "Counted",
    "Decision",
    "DecisionRecord",
    "Delivery",
    "Derived",
    "Dial",
    "Disclosure",
    "Edge",
    "Entry",
    "Erased",
    "Event",
    "EventKind",
    "ExtraMissing",
    "Factor",
    "Familiarity",
    "Fate",
    "GppString",
    "Held",
    "Hide",
    "How",
    "Identity",
    "IdentityRules",
    "Intent",
    "JsonLines",
    "Late",
    "LegalBasis",
    "LimitRule",
    "Line",
    "Link",
    "LogLimits",
    "LoggedDecision",
    "LoggedPick",
    "MeasuredSource",
    "MemoryCentre",
    "MemoryStore",
    "Merge",
    "Merges",
    "Mistake",
    "Observation",
    "Offer",
    "OfferClass",
    "Options",
    "OutboxLimits",
    "Pack",
    "PackError",
    "PartnerNotice",
    "Passed",
    "Pick",
    "PluginError",
    "Policy",
    "PolicyError",
    "Precision",
    "Privacy",
    "Purpose",
    "Quiet",
    "RankBlind",
    "Reading",
    "Regime",
    "Registry",
    "Require",
    "Rolling",
    "Scope",
    "ScreenVisit",
    "SealedEvidence",
    "Sensitivity",
    "Signals",
    "Snapshot",
    "Source",
    "Split",
    "StoreError",
    "SyncOptions",
    "Synced",
    "TactfulError",
    "TcString",
    "Telemetry",
    "TokenError",
    "TopicGraph",
    "Trigger",
    "Unless",
    "Unlinked",
    "UpTo",
    "UsageError",
    "ValueRefused",
    "ValueType",
    "Verdict",
    "Visit",
    "Waiting",
    "When",
    "Withhold",
    "after_telling",
    "check_value",
    "decision_record",
    "hookimpl",
    "log_key",
    "open",
    "pseudonym",
    "status_readings",
    "tells_consent",
    "wall_clock",
]


def unlisted(module: types.ModuleType) -> set[str]:
    """What a module shows without listing it; its own submodules aside."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name not in module.__all__
    }


def test_the_public_names_are_these():
    assert tactful.__all__ == PUBLIC


def test_each_public_name_is_there():
    assert [name for name in tactful.__all__ if not hasattr(tactful, name)] == []


def test_nothing_else_is_shown():
    assert unlisted(tactful) == set()


def test_an_unlisted_name_is_noticed():
    module = types.ModuleType("shown")
    vars(module).update(__all__=["listed"], listed=1, forgotten=2, _private=3)
    assert unlisted(module) == {"forgotten"}
