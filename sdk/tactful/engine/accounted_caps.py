"""The centre of strict caps, with an account of how its calls went. It counts nothing itself."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import attrs

from ..ports import StrictCaps
from ..strict import Ask
from ..sync.account import Account


@attrs.frozen(eq=False)
class AccountedCaps:
    """
    A `StrictCaps` of which an account is kept.

    Attributes:
        inner: What counts.
        account: What is told of each call.
    """

    inner: StrictCaps
    account: Account

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room; return the units that were given."""
        with self._told():
            return self.inner.reserve(asks)

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known."""
        with self._told():
            return self.inner.confirm(units)

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        with self._told():
            return self.inner.release(units)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            with self.account.asking():
                yield
        except Exception as error:
            self.account.failed(error)
            raise
        self.account.went_well()
