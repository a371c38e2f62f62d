"""Opening an edge: from a bundle with a pinned key in production, from a folder in development."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs

from .centre_ports import Centre
from .clock import Clock, wall_clock
from .engine.edge import Edge
from .engine.fetch import Sources
from .engine.listening import Listening
from .engine.log import Log, LoggingStore
from .engine.options import Options
from .engine.overtaking import Following
from .errors import UsageError
from .installed import store_of, strict_of
from .log_ports import DecisionLog, EvidenceRows
from .memory import MemoryStore
from .plan_reader import PlanReader
from .policy import Policy
from .policy_ports import ChecksPolicy
from .ports import (
    ConsentFunction,
    ConsentSource,
    ProfileFunction,
    ProfileSource,
    Store,
    StrictCaps,
)
from .registry import Registry
from .sealing import EvidenceSeal
from .sealing import evidence_key as evidence_key_of
from .sync.options import SyncOptions
from .telemetry import Telemetry

if TYPE_CHECKING:
    from .kiosk.joining import Pack
    from .kiosk.packs import Packs
    from .kiosk.store import KioskStore
    from .kiosk.time_line import TimeLine
    from .plan.plan import Plan

__all__ = ["open", "store_of"]


def open(  # noqa: A001, PLR0913 - the word for it; each part can be replaced
    source: str | Path | bytes | Policy,
    *,
    key: str | Sequence[str] | None = None,
    signatures: int = 1,
    tenant: str | None = None,
    development: bool = False,
    store: Store | str | None = None,
    centre: Centre | str | None = None,
    sync: SyncOptions | None = None,
    pack: "Pack | None" = None,
    profiles: ProfileSource | ProfileFunction | None = None,
    consents: ConsentSource | ConsentFunction | None = None,
    registry: Registry | None = None,
    clock: Clock = wall_clock,
    strict: StrictCaps | str | None = None,
    token_key: bytes | None = None,
    options: Options | None = None,
    log: bool | float = False,
    evidence_key: bytes | str | Path | None = None,
    telemetry: Sequence[Telemetry] = (),
) -> Edge:
    """
    Return an edge that decides by a policy.

    Args:
        source: A bundle's file or bytes; or, for development, a policy's folder or a compiled `Policy`.
        key: The pinned Ed25519 public key in base64, or several; production needs it.
        signatures: So many different pinned keys must have signed each bundle; its policy can demand more.
        tenant: The tenant that bundles must be for; None takes the first one's.
        development: Take a bundle without verifying it. A folder is development by itself.
        store: A store, or its URL, such as "sqlite:///edge.db"; None keeps everything in memory.
        centre: A centre that the store follows, or its URL; None leaves it to you to fill the store.
        sync: How it follows the centre; None is as usual.
        pack: The pack of a kiosk: who is known comes from it, the store keeps what happens, the centre gets it.
        profiles: Where profiles come from, if not from the store: a source, or a plain function of the customer id.
        consents: Where consents come from, if not from the store; likewise.
        registry: The guardrails that the policy can name; None takes all that are installed.
        clock: Gives the moment [us since 1970]; for tests and simulations.
        strict: The centre of strict caps, or its URL, if it is not the store; without one, strict caps are reached.
        token_key: 32 bytes that seal decision tokens; None takes the store's own.
        options: Bounds of memory and patience.
        log: Whether decisions are logged in the store, or which share of them, 0 to 1.
        evidence_key: 32 bytes, or the file that holds them in base64, that seal the evidence of logged decisions, if
            the policy wants it; never kept beside the store.
        telemetry: What is told of each decision but previews, such as for metrics.

    Raises:
        BundleError: If the bundle is refused; its code says at which check.
        PolicyError: If the folder's policy has mistakes.
        ExtraMissing: If a folder needs the extra `author`, or the store's URL another one.
        StoreError: If the store, or the centre of strict caps, cannot be opened.
        CentreError: If the centre's URL names none, or it cannot open.
        PackError: If the pack or its device key is refused.
        UsageError: If the arguments contradict each other.
    """
    kept, close_strict = store_of(store), None
    pinned, packed = (key,) if isinstance(key, str) else key, None
    try:
        guardrails = Registry.installed() if registry is None else registry
        keys = None if pinned is None else tuple(pinned)
        watched = clock if pack is None else _time_line(pack, kept, clock)
        read = PlanReader(keys, tenant, development, kept, watched, guardrails, signatures)
        logged = _log_of(kept if pack is None else None, log, evidence_key, clock)
        plan = read(source)
        _checked(plan.policy, profiles, consents)
        sources = Sources(profiles or kept, consents or kept, kept)
        parts = _Parts(kept, sources, clock, None, None)
        owned = kept is not store
        if pack is not None:
            parts = _packed(parts, pack, plan, cast("TimeLine", watched), keys, read.tenant, owned=owned)
            packed = parts.packed
        caps, close_strict = strict_of(strict, parts.store)
        parts = _followed(parts, centre, sync, clock)
    except BaseException:
        if close_strict is not None:
            close_strict()
        if packed is not None:
            packed.close()
        if kept is not store:
            kept.close()
        raise
    return Edge(
        plan,
        store=parts.store,
        owned=owned or pack is not None,
        sources=parts.sources,
        graph=profiles is None,
        immediate=isinstance(parts.store, MemoryStore) and profiles is None and consents is None,
        clock=parts.clock,
        read=read,
        strict=caps,
        close_strict=close_strict,
        token_key=token_key,
        options=options or Options(),
        log=logged,
        following=parts.following,
        packed=parts.packed,
        listening=Listening(telemetry) if telemetry else None,
    )


def _checked(policy: "Policy", *sources: object) -> None:
    for one in sources:
        if isinstance(one, ChecksPolicy):
            one.check_policy(policy)


@attrs.frozen
class _Parts:
    """
    What an edge is put together of.

    Attributes:
        store: Where it keeps what happens.
        sources: Where customers come from.
        clock: Its clock.
        following: What follows or feeds the centre, if there is one.
        packed: What knows of the kiosk's pack, if there is one.
    """

    store: Store
    sources: Sources
    clock: Clock
    following: Following | None
    packed: "Packs | None"


def _time_line(pack: "Pack", store: Store, clock: Clock) -> Clock:
    from .kiosk.joining import time_line  # noqa: PLC0415 - for kiosks

    return time_line(pack, store, clock)


def _packed(
    parts: _Parts,
    pack: "Pack",
    plan: "Plan",
    time: "TimeLine",
    keys: tuple[str, ...] | None,
    tenant: str | None,
    *,
    owned: bool,
) -> _Parts:
    """
    Return the parts with a pack before the store.

    Raises:
        PackError: If the pack or the device key is refused.
        UsageError: If customers come from elsewhere, no key is pinned, or the store cannot do it.
    """
    if parts.sources.profiles is not parts.store or parts.sources.consents is not parts.store:
        raise UsageError("customers come from the pack, or from profiles= and consents=: give one of them")
    from .kiosk.joining import packed_store  # noqa: PLC0415 - for kiosks

    kiosk, packs = packed_store(pack, parts.store, plan, time, keys, tenant, owned=owned)
    return _Parts(kiosk, Sources(kiosk, kiosk, kiosk), time, None, packs)


def _followed(parts: _Parts, centre: Centre | str | None, options: SyncOptions | None, clock: Clock) -> _Parts:
    """
    Return the parts with what follows the centre, if there is one; a kiosk with a pack only sends what waits.

    Raises:
        CentreError: If the centre's URL names none, or it cannot open.
        UsageError: If consents come from elsewhere, the store cannot follow, or there is nothing to follow.
    """
    if centre is None:
        if options is not None:
            raise UsageError("sync= tells how a centre is followed: give centre=, or leave sync= out")
        return parts
    if parts.packed is not None:
        from .kiosk.joining import sending  # noqa: PLC0415 - for kiosks

        return attrs.evolve(
            parts, following=sending(cast("KioskStore", parts.store), centre, options, clock, parts.packed.time)
        )
    if parts.sources.consents is not parts.store:
        raise UsageError("consents come from the centre or from consents=: give one of them")
    from .sync.joining import joined  # noqa: PLC0415 - for those who follow a centre

    following, fresh, watched = joined(parts.store, centre, options, clock)
    sources = attrs.evolve(parts.sources, consents=fresh)
    return attrs.evolve(parts, following=following, sources=sources, clock=watched)


def _log_of(store: Store | None, share: float, key: bytes | str | Path | None, clock: Clock) -> Log | None:
    """
    Return what logs decisions, or None.

    Raises:
        StoreError: If the key is none.
        UsageError: If the share is none, the store keeps no log, or there is a key and nothing to seal.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"log= is True, False, or the share of decisions from 0 to 1, not {share}")
    if not share:
        if key is not None:
            raise UsageError("evidence is kept of logged decisions alone: give log=True, or leave evidence_key= out")
        return None
    if store is None:
        raise UsageError("a kiosk with a pack keeps no decision log; leave log= out")
    if not (isinstance(store, DecisionLog) and isinstance(store, EvidenceRows)):
        raise UsageError(f"{type(store).__name__} keeps no decision log; give another store, or leave log= out")
    return Log(cast("LoggingStore", store), share, None if key is None else EvidenceSeal(evidence_key_of(key)), clock)
