"""Opening an edge: from a bundle with a pinned key in production, from a folder in development."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import cast
from urllib.parse import urlsplit

from .clock import Clock, wall_clock
from .engine.edge import Edge, Options
from .engine.snapshot import Sources
from .errors import BundleError, ExtraMissing, StoreError, UsageError
from .memory import MemoryStore
from .plan.plan import Plan
from .policy import Policy
from .ports import ConsentFunction, ConsentSource, ProfileFunction, ProfileSource, Store
from .registry import Registry

#: The register that keeps the highest epoch that was ever taken.
EPOCH_REGISTER = "bundle-epoch"


def open(  # noqa: A001, PLR0913 - the word for it; each part can be replaced
    source: str | Path | bytes | Policy,
    *,
    key: str | Sequence[str] | None = None,
    tenant: str | None = None,
    development: bool = False,
    store: Store | str | None = None,
    profiles: ProfileSource | ProfileFunction | None = None,
    consents: ConsentSource | ConsentFunction | None = None,
    registry: Registry | None = None,
    clock: Clock = wall_clock,
    token_key: bytes | None = None,
    options: Options | None = None,
) -> Edge:
    """
    Return an edge that decides by a policy.

    Args:
        source: A bundle's file or bytes; or, for development, a policy's folder or a compiled `Policy`.
        key: The pinned Ed25519 public key in base64, or several; production needs it.
        tenant: The tenant that the bundle must be for; None takes any that the key signed.
        development: Take a bundle without verifying it. A folder is development by itself.
        store: A store, or its URL, such as "sqlite:///edge.db"; None keeps everything in memory.
        profiles: Where profiles come from, if not from the store: a source, or a plain function of the customer id.
        consents: Where consents come from, if not from the store; likewise.
        registry: The guardrails that the policy can name; None takes all that are installed.
        clock: Gives the moment [us since 1970]; for tests and simulations.
        token_key: 32 bytes that seal decision tokens; None takes the store's own.
        options: Bounds of memory and patience.

    Raises:
        BundleError: If the bundle is refused; its code says at which check.
        PolicyError: If the folder's policy has mistakes.
        ExtraMissing: If a folder needs the extra `author`, or the store's URL another one.
        StoreError: If the store cannot be opened.
        UsageError: If the arguments contradict each other.
    """
    kept = store_of(store)
    guardrails = Registry.installed() if registry is None else registry

    def read(source: object) -> Plan:
        policy = _policy(source, key, tenant, kept, clock, guardrails, development=development)
        return Plan.build(policy, guardrails)

    sources = Sources(profiles or kept, consents or kept, kept)
    return Edge(
        read(source),
        store=kept,
        owned=kept is not store,
        sources=sources,
        graph=profiles is None,
        immediate=isinstance(kept, MemoryStore) and profiles is None and consents is None,
        clock=clock,
        read=read,
        token_key=token_key,
        options=options or Options(),
    )


def _policy(
    source: object,
    key: str | Sequence[str] | None,
    tenant: str | None,
    store: Store,
    clock: Clock,
    registry: Registry,
    *,
    development: bool,
) -> Policy:
    if isinstance(source, Policy):
        if key is not None:
            raise UsageError("a Policy has no signature that a key could verify; open a bundle, or leave key= out")
        return source
    if not isinstance(source, bytes | str | Path):
        raise UsageError(f"a policy comes as a folder, a bundle or a Policy, not as {type(source).__name__}")
    if not isinstance(source, bytes) and Path(source).is_dir():
        if key is not None:
            raise UsageError("a folder has no signature that a key could verify; open a bundle, or leave key= out")
        return cast("Policy", _authoring().compile_folder(Path(source), registry=registry))
    raw = source if isinstance(source, bytes) else _read(Path(source))
    return read_bundle(raw, key, tenant, store, clock, development=development)


def read_bundle(
    raw: bytes,
    key: str | Sequence[str] | None,
    tenant: str | None,
    store: Store,
    clock: Clock,
    *,
    development: bool,
) -> Policy:
    """
    Return the policy of a bundle, verified against pinned keys and the highest epoch that was ever taken.

    Raises:
        BundleError: If it is refused; its code says at which check.
        UsageError: Without a key, unless for development.
    """
    from . import bundle  # noqa: PLC0415 - a folder needs none of it

    if key is None:
        if not development:
            raise UsageError("a bundle needs key=, the pinned public key; development=True takes it unverified")
        return bundle.read_unsigned(raw).policy
    mark = store.register(EPOCH_REGISTER)
    keys = (key,) if isinstance(key, str) else tuple(key)
    found = bundle.read(raw, keys=keys, tenant=tenant, now_us=clock(), min_epoch=int(mark or b"0"))
    store.raise_register(EPOCH_REGISTER, found.header.epoch)
    return found.policy


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}; give a bundle's file or a policy's folder") from None


def _authoring() -> ModuleType:
    try:
        return importlib.import_module("tactful.authoring")
    except ImportError as error:
        if isinstance(error, ExtraMissing):
            raise
        raise ExtraMissing("a policy's folder", "author") from error


def store_of(store: Store | str | None) -> Store:
    """
    Return the store that is meant.

    Args:
        store: A store; a URL whose scheme is the name of an installed adapter; or None for memory.

    Raises:
        StoreError: If no adapter has that name, or it cannot open.
    """
    if store is None:
        return MemoryStore()
    if not isinstance(store, str):
        return store
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and needed for a URL alone

    scheme = urlsplit(store).scheme
    points = {point.name: point for point in entry_points(group="tactful.adapters")}
    if scheme not in points:
        raise StoreError(f"no adapter is named {scheme!r}; there are: {', '.join(sorted(points)) or 'none'}")
    return cast("Store", points[scheme].load().from_url(store))
