"""Joining a pack to an edge: the store that reads it, the clock that never goes back, and the way out to a centre."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import attrs

from ..centre_ports import Centre
from ..clock import Clock, SteadyClock, wall_clock
from ..errors import UsageError
from ..identity import USUAL_KINDS, IdentityRules
from ..outbox_ports import Outbox
from ..plan.plan import Plan
from ..ports import ConsentSink, Registers, Store, StrictCaps
from ..sync.heard import steady_clock
from ..sync.joining import centre_of
from ..sync.options import SyncOptions
from .device_key import DeviceKey
from .packs import Packs, Terms
from .sealed_outbox import OwnStore
from .sending import Sending
from .store import KioskStore
from .time_line import TimeLine


@attrs.frozen(repr=False)
class Pack:
    """
    A store's pack, and what opens it.

    Attributes:
        path: Its file.
        device_key: Where the device key comes from, but from beside the pack: "file:PATH", "env:NAME",
            "keyring:SERVICE/NAME", "command:PROGRAM ARGUMENTS", the file as a path, 32 bytes, or an object with `read`.
        key: The pinned public key of who makes packs, in base64, or several; None takes the policy's.
        keeps_time: Whether the machine has a clock with a battery that nobody sets back; if not, a pack counts as
            fresh only until the machine is started anew.
        hears: Whether noes are heard of the centre between two packs, of the pack's customers; it needs `centre=`, and
            reads the centre's line of consents once for each pack.
    """

    path: str | Path
    device_key: DeviceKey | bytes | str | Path
    key: str | Sequence[str] | None = None
    keeps_time: bool = False
    hears: bool = False

    def __repr__(self) -> str:  # the key may be in it
        return f"<Pack {self.path}>"


def time_line(pack: Pack, registers: Registers, clock: Clock) -> TimeLine:
    """Return the clock of a kiosk."""
    return TimeLine(registers, clock, keeps_time=pack.keeps_time)


def packed_store(
    pack: Pack, store: Store, plan: Plan, time: TimeLine, keys: Sequence[str] | None, tenant: str | None, *, owned: bool
) -> tuple[KioskStore, Packs]:
    """
    Return the store of a kiosk, and its packs.

    Args:
        pack: The pack, and what opens it.
        store: The kiosk's own store.
        plan: The plan that is decided by.
        time: The kiosk's clock.
        keys: The policy's pinned keys, or None.
        tenant: Whose pack it must be; None takes the first one's.
        owned: Whether the kiosk's own store is to be closed with it.

    Raises:
        PackError: If the pack or the device key is refused.
        UsageError: If no key is pinned, or the store cannot keep what happens here.
    """
    for port in (ConsentSink, Outbox, StrictCaps):
        if not isinstance(store, port):
            raise UsageError(f"{type(store).__name__} is no {port.__name__}, so no kiosk can keep what happens in it")
    pinned = (pack.key,) if isinstance(pack.key, str) else keys if pack.key is None else pack.key
    if not pinned:
        raise UsageError("a pack needs a pinned key, also in development: Pack(…, key=…)")
    terms = Terms(tuple(pinned), tenant, plan.epoch)
    packs = Packs.opened(Path(pack.path), store, time, terms, pack.device_key)
    rules = IdentityRules(dict(plan.policy.identifiers) or USUAL_KINDS)
    return KioskStore(cast("OwnStore", store), packs, rules, owned=owned, hears=pack.hears), packs


def sending(
    store: KioskStore, centre: Centre | str, options: SyncOptions | None, clock: Clock, time: TimeLine
) -> Sending:
    """
    Return what sends a kiosk's events to a centre.

    Raises:
        CentreError: If no installed centre has that name, or it cannot open.
    """
    simulated = clock.steady_us if isinstance(clock, SteadyClock) else clock
    steady = steady_clock if clock is wall_clock else simulated
    owned = isinstance(centre, str)
    return Sending(store, centre_of(centre), time, steady, options or SyncOptions(), owned=owned)
