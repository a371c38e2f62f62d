"""Opening an edge: from a bundle with a pinned key in production, from a folder in development."""

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import cast

import attrs

from .centre_ports import Centre
from .clock import NEVER_US, Clock, wall_clock
from .engine.edge import Edge
from .engine.fetch import Sources
from .engine.log import Log, LoggingStore
from .engine.options import Options
from .engine.overtaking import Following
from .errors import BundleError, ExtraMissing, StoreError, UsageError
from .installed import store_of, strict_of
from .log_ports import DecisionLog, EvidenceRows
from .memory import MemoryStore
from .plan.contradictions import contradictions
from .plan.plan import Plan
from .policy import Policy
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

__all__ = ["EPOCH_REGISTER", "open", "store_of"]

#: The register that keeps the highest epoch that was ever taken of a tenant, whose name follows.
EPOCH_REGISTER = "bundle-epoch/"


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
    profiles: ProfileSource | ProfileFunction | None = None,
    consents: ConsentSource | ConsentFunction | None = None,
    registry: Registry | None = None,
    clock: Clock = wall_clock,
    strict: StrictCaps | str | None = None,
    token_key: bytes | None = None,
    options: Options | None = None,
    log: bool | float = False,
    evidence_key: bytes | str | Path | None = None,
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

    Raises:
        BundleError: If the bundle is refused; its code says at which check.
        PolicyError: If the folder's policy has mistakes.
        ExtraMissing: If a folder needs the extra `author`, or the store's URL another one.
        StoreError: If the store, or the centre of strict caps, cannot be opened.
        CentreError: If the centre's URL names none, or it cannot open.
        UsageError: If the arguments contradict each other.
    """
    kept, close_strict = store_of(store), None
    pinned = (key,) if isinstance(key, str) else key
    try:
        guardrails = Registry.installed() if registry is None else registry
        keys = None if pinned is None else tuple(pinned)
        read = _Reader(keys, tenant, development, kept, clock, guardrails, signatures)
        logged = _log_of(kept, log, evidence_key, clock)
        plan = read(source)
        caps, close_strict = strict_of(strict, kept)
        following, sources, clock = _followed(
            kept, centre, sync, Sources(profiles or kept, consents or kept, kept), clock
        )
    except BaseException:
        if close_strict is not None:
            close_strict()
        if kept is not store:
            kept.close()
        raise
    return Edge(
        plan,
        store=kept,
        owned=kept is not store,
        sources=sources,
        graph=profiles is None,
        immediate=isinstance(kept, MemoryStore) and profiles is None and consents is None,
        clock=clock,
        read=read,
        strict=caps,
        close_strict=close_strict,
        token_key=token_key,
        options=options or Options(),
        log=logged,
        following=following,
    )


def _followed(
    store: Store, centre: Centre | str | None, options: SyncOptions | None, sources: Sources, clock: Clock
) -> tuple[Following | None, Sources, Clock]:
    """
    Return what follows the centre, if there is one, and the sources and the clock that go with it.

    Raises:
        CentreError: If the centre's URL names none, or it cannot open.
        UsageError: If consents come from elsewhere, the store cannot follow, or there is nothing to follow.
    """
    if centre is None:
        if options is not None:
            raise UsageError("sync= tells how a centre is followed: give centre=, or leave sync= out")
        return None, sources, clock
    if sources.consents is not store:
        raise UsageError("consents come from the centre or from consents=: give one of them")
    from .sync.joining import joined  # noqa: PLC0415 - for those who follow a centre

    following, fresh, watched = joined(store, centre, options, clock)
    return following, attrs.evolve(sources, consents=fresh), watched


def _log_of(store: Store, share: float, key: bytes | str | Path | None, clock: Clock) -> Log | None:
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
    if not (isinstance(store, DecisionLog) and isinstance(store, EvidenceRows)):
        raise UsageError(f"{type(store).__name__} keeps no decision log; give another store, or leave log= out")
    return Log(cast("LoggingStore", store), share, None if key is None else EvidenceSeal(evidence_key_of(key)), clock)


@attrs.define
class _Reader:
    """Makes plans of what an edge is to decide by: at first and at every update, under the same key and tenant."""

    keys: tuple[str, ...] | None
    tenant: str | None
    development: bool
    store: Store
    clock: Clock
    registry: Registry
    signatures: int
    demanded: int = 1

    def __call__(self, source: object) -> Plan:
        """
        Return the plan of a folder, a bundle or a policy.

        Raises:
            TactfulError: As `open` says.
        """
        if self.keys is not None and self.development:
            raise UsageError("key= verifies a bundle and development=True does not: give one of them")
        if not 1 <= self.signatures <= max(len(set(self.keys or ())), 1):
            raise UsageError(f"signatures={self.signatures} needs as many different keys in key=, and 1 or more")
        if isinstance(source, Policy):
            self._refuse_key("a Policy")
            return Plan.build(source, self.registry)
        if not isinstance(source, bytes | str | Path):
            raise UsageError(f"a policy comes as a folder, a bundle or a Policy, not as {type(source).__name__}")
        if not isinstance(source, bytes) and os.path.isdir(source):  # noqa: PTH112 - unlike Path's, it never raises
            self._refuse_key("a folder")
            return Plan.build(_authoring().compile_folder(Path(source), registry=self.registry), self.registry)
        return self._bundle(source if isinstance(source, bytes) else _read(Path(source)))

    def _refuse_key(self, what: str) -> None:
        if self.keys is not None:
            raise UsageError(f"{what} has no signature that a key could verify; open a bundle, or leave key= out")

    def _bundle(self, raw: bytes) -> Plan:
        from . import bundle  # noqa: PLC0415 - a folder needs none of it

        if self.keys is None:
            if not self.development:
                raise UsageError("a bundle needs key=, the pinned public key; development=True takes it unverified")
            return self._plan_of(bundle.read_unsigned(raw).policy)
        found = bundle.read(
            raw,
            keys=self.keys,
            tenant=self.tenant,
            now_us=self.clock(),
            highest_epoch=self._highest,
            signatures=max(self.signatures, self.demanded),
        )
        header = found.header
        plan = self._plan_of(found.policy, header.epoch, header.expires_us)
        # The mark rises when everything else is well: a bundle that cannot be used locks out no other one.
        highest = self.store.raise_register(EPOCH_REGISTER + header.tenant, header.epoch)
        bundle.check_epoch(header, highest)
        self.tenant = header.tenant
        self.demanded = found.policy.values.signatures  # to demand fewer, as many must sign once more
        return plan

    def _highest(self, tenant: str) -> int:
        """Return the highest epoch that was ever taken of a tenant; 0 before the first."""
        mark = self.store.register(EPOCH_REGISTER + tenant) or b"0"
        if not mark.isdigit():
            raise StoreError(f"the register {EPOCH_REGISTER + tenant!r} holds no epoch; the store was tampered with")
        return int(mark)

    def _plan_of(self, policy: Policy, epoch: int | None = None, until_us: int = NEVER_US) -> Plan:
        """Return the plan of a bundle's policy, which may be whatever its author signed."""
        if (contradiction := next(contradictions(policy), None)) is not None:
            raise BundleError(f"the policy contradicts itself: {contradiction}; build it anew", code="bundle-policy")
        try:
            return Plan.build(policy, self.registry, epoch=epoch, until_us=until_us)
        except Exception as error:
            message = f"the policy cannot be compiled ({type(error).__name__}); build it anew"
            raise BundleError(message, code="bundle-policy") from error


def _read(path: Path) -> bytes:
    from .bundle import SIZE_MAX_BYTES  # noqa: PLC0415 - a folder needs none of it

    try:
        with path.open("rb") as file:
            return file.read(SIZE_MAX_BYTES + 1)  # one more than is taken, whatever the path leads to
    except (OSError, ValueError) as error:  # the latter for a path that can be none
        reason = getattr(error, "strerror", None) or "this is no path"
        message = f"{str(path)[:200]}: {reason}; give a bundle's file or a policy's folder"
        raise BundleError(message, code="bundle-file") from None


def _authoring() -> ModuleType:
    try:
        return importlib.import_module("tactful.authoring")
    except ImportError as error:
        if isinstance(error, ExtraMissing):
            raise
        raise ExtraMissing("a policy's folder", "author") from error
