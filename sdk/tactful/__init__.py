"""tactful decides, in-process and in microseconds, what to show to a customer, and keeps inside the boundaries.

    edge = tactful.open("policy/")
    decision = edge.decide("home.hero", {"card": "4711"}, {"page": "home"})
    decision.content

It is the front door: every public name is here, and nothing else happens here. Each is loaded when it is first asked
for, so that a plugin, or a program that may never decide, waits for nothing; `open` loads all that a decision needs.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .acknowledging import EDGES_MAX, Acknowledged
    from .catalog import Catalog, Entry
    from .changes import Change, Changes, Delivery, Erased, Line, Split, Synced, Unlinked
    from .clock import Clock, wall_clock
    from .consent import Consent, Consents, ConsentState, How, LegalBasis, Purpose, Regime
    from .contacts import Contact
    from .decision_log import LoggedDecision, LoggedPick, LogLimits
    from .disclosures import Disclosure, Passed
    from .engine.decision import Decision
    from .engine.edge import Edge
    from .engine.options import Options
    from .engine.pick import Pick
    from .enriching import Derived
    from .errors import (
        BundleError,
        CentreError,
        ExtraMissing,
        Mistake,
        PackError,
        PluginError,
        PolicyError,
        StoreError,
        TactfulError,
        TokenError,
        UsageError,
        ValueRefused,
    )
    from .events import Event, EventKind, Fate
    from .evidence import Access, SealedEvidence
    from .factors import Factor
    from .familiarity import Familiarity
    from .held import Held
    from .hookspecs import hookimpl
    from .identity import IdentityRules, Link
    from .kiosk.joining import Pack
    from .kiosk.screen_visit import ScreenVisit
    from .late import Late
    from .limits import (
        Always,
        AtMost,
        Calendar,
        Cap,
        Counted,
        Hide,
        LimitRule,
        Quiet,
        RankBlind,
        Require,
        Rolling,
        Scope,
        Unless,
        UpTo,
        When,
        Withhold,
    )
    from .measured_sources import MeasuredSource, Verdict
    from .memory import MemoryStore
    from .memory_centre import MemoryCentre
    from .merging import Merge, Merges
    from .offers import Approval, Intent, Offer, OfferClass, Privacy
    from .opening import open  # noqa: A004 - the word for it
    from .outbox import OutboxLimits
    from .outbox_ports import Waiting
    from .partner_ports import PartnerNotice
    from .policy import Dial, Policy
    from .profile import Identity, Observation, Snapshot
    from .pseudonyms import log_key, pseudonym
    from .readings import READINGS, Reading, status_readings
    from .registry import Registry
    from .schema import Precision, Sensitivity, Source, ValueType, check_value
    from .signals import GppString, Signals, TcString
    from .strict import Ask
    from .sync.options import SyncOptions
    from .telemetry import DecisionRecord, JsonLines, Telemetry, decision_record
    from .told import after_telling, tells_consent
    from .topics import TopicGraph
    from .triggers import Trigger
    from .visit import Visit

__all__ = [
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

_LATE = {
    "EDGES_MAX": ".acknowledging",
    "Access": ".evidence",
    "Acknowledged": ".acknowledging",
    "Always": ".limits",
    "Approval": ".offers",
    "Ask": ".strict",
    "AtMost": ".limits",
    "BundleError": ".errors",
    "Calendar": ".limits",
    "Cap": ".limits",
    "Catalog": ".catalog",
    "CentreError": ".errors",
    "Change": ".changes",
    "Changes": ".changes",
    "Clock": ".clock",
    "Consent": ".consent",
    "ConsentState": ".consent",
    "Consents": ".consent",
    "Contact": ".contacts",
    "Counted": ".limits",
    "Decision": ".engine.decision",
    "DecisionRecord": ".telemetry",
    "Delivery": ".changes",
    "Derived": ".enriching",
    "Dial": ".policy",
    "Disclosure": ".disclosures",
    "Edge": ".engine.edge",
    "Entry": ".catalog",
    "Erased": ".changes",
    "Event": ".events",
    "EventKind": ".events",
    "ExtraMissing": ".errors",
    "Factor": ".factors",
    "Familiarity": ".familiarity",
    "Fate": ".events",
    "GppString": ".signals",
    "Held": ".held",
    "Hide": ".limits",
    "How": ".consent",
    "Identity": ".profile",
    "IdentityRules": ".identity",
    "Intent": ".offers",
    "JsonLines": ".telemetry",
    "Late": ".late",
    "LegalBasis": ".consent",
    "LimitRule": ".limits",
    "Line": ".changes",
    "Link": ".identity",
    "LogLimits": ".decision_log",
    "LoggedDecision": ".decision_log",
    "LoggedPick": ".decision_log",
    "MeasuredSource": ".measured_sources",
    "MemoryCentre": ".memory_centre",
    "MemoryStore": ".memory",
    "Merge": ".merging",
    "Merges": ".merging",
    "Mistake": ".errors",
    "Observation": ".profile",
    "Offer": ".offers",
    "OfferClass": ".offers",
    "Options": ".engine.options",
    "OutboxLimits": ".outbox",
    "Pack": ".kiosk.joining",
    "PackError": ".errors",
    "PartnerNotice": ".partner_ports",
    "Passed": ".disclosures",
    "Pick": ".engine.pick",
    "PluginError": ".errors",
    "Policy": ".policy",
    "PolicyError": ".errors",
    "Precision": ".schema",
    "Privacy": ".offers",
    "Purpose": ".consent",
    "Quiet": ".limits",
    "READINGS": ".readings",
    "RankBlind": ".limits",
    "Reading": ".readings",
    "Regime": ".consent",
    "Registry": ".registry",
    "Require": ".limits",
    "Rolling": ".limits",
    "Scope": ".limits",
    "ScreenVisit": ".kiosk.screen_visit",
    "SealedEvidence": ".evidence",
    "Sensitivity": ".schema",
    "Signals": ".signals",
    "Snapshot": ".profile",
    "Source": ".schema",
    "Split": ".changes",
    "StoreError": ".errors",
    "SyncOptions": ".sync.options",
    "Synced": ".changes",
    "TactfulError": ".errors",
    "TcString": ".signals",
    "Telemetry": ".telemetry",
    "TokenError": ".errors",
    "TopicGraph": ".topics",
    "Trigger": ".triggers",
    "Unless": ".limits",
    "Unlinked": ".changes",
    "UpTo": ".limits",
    "UsageError": ".errors",
    "ValueRefused": ".errors",
    "ValueType": ".schema",
    "Verdict": ".measured_sources",
    "Visit": ".visit",
    "Waiting": ".outbox_ports",
    "When": ".limits",
    "Withhold": ".limits",
    "after_telling": ".told",
    "check_value": ".schema",
    "decision_record": ".telemetry",
    "hookimpl": ".hookspecs",
    "log_key": ".pseudonyms",
    "open": ".opening",
    "pseudonym": ".pseudonyms",
    "status_readings": ".readings",
    "tells_consent": ".told",
    "wall_clock": ".clock",
}
del TYPE_CHECKING


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(_import_module(_LATE[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
