"""The plans that an edge decides by: read from a folder, a bundle or a policy, verified as it was opened."""

import importlib
import os
from pathlib import Path
from types import ModuleType

import attrs

from .clock import NEVER_US, Clock
from .errors import BundleError, ExtraMissing, StoreError, UsageError
from .plan.contradictions import contradictions
from .plan.plan import Plan
from .policy import Policy
from .ports import Registers
from .registry import Registry

#: The register that keeps the highest epoch that was ever taken of a tenant, whose name follows.
EPOCH_REGISTER = "bundle-epoch/"


@attrs.define
class PlanReader:
    """Makes plans of what an edge is to decide by: at first and at every update, under the same key and tenant."""

    keys: tuple[str, ...] | None
    tenant: str | None
    development: bool
    registers: Registers
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
        highest = self.registers.raise_register(EPOCH_REGISTER + header.tenant, header.epoch)
        bundle.check_epoch(header, highest)
        self.tenant = header.tenant
        self.demanded = found.policy.values.signatures  # to demand fewer, as many must sign once more
        return plan

    def _highest(self, tenant: str) -> int:
        """Return the highest epoch that was ever taken of a tenant; 0 before the first."""
        mark = self.registers.register(EPOCH_REGISTER + tenant) or b"0"
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
