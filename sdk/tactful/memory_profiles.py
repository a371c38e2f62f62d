"""The part of `MemoryStore` that changes profiles. It keeps nothing else."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from .profile import Snapshot


class MemoryProfiles:
    """Each id's own snapshot, in the memory of a store."""

    _profiles: dict[str, Snapshot]

    def amend_profile(self, customer: str, amend: Callable[[str, Snapshot | None], Snapshot | None]) -> None:
        """Change what is kept of a customer, under each id that stands for it; no other change comes in between."""
        with self._open():
            changed = {one: amend(one, self._profiles.get(one)) for one in self._members(customer)}
            self._profiles.update({one: snapshot for one, snapshot in changed.items() if snapshot is not None})

    def _put_profile(self, snapshot: Snapshot) -> bool:
        before = self._profiles.get(snapshot.customer)
        if before is not None and (snapshot.epoch, snapshot.at_us) < (before.epoch, before.at_us):
            return False
        self._profiles[snapshot.customer] = snapshot if before is None else before.renewed(snapshot)
        return True

    def _open(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _members(self, customer: str) -> tuple[str, ...]:
        raise NotImplementedError
