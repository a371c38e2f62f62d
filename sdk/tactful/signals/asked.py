"""All signals of one request together. What is malformed is a no to all that it could have said yes to."""

from collections.abc import Iterable
from typing import Final

import attrs

from ..errors import ValueRefused
from .gpp import ALL_OUT, GppString, OptOuts
from .tcf import TcString

_NOTHING_OUT: Final = OptOuts()


def gpc(headers: Iterable[tuple[str, str]]) -> bool:
    """
    Return whether a request carries Global Privacy Control: a header `Sec-GPC` that is exactly "1".

    Args:
        headers: All headers as they came, one by one: what was joined into one line is not the signal.

    The source: https://www.w3.org/TR/gpc/, "The Sec-GPC Header Field".

    >>> gpc([("sec-gpc", "1")]), gpc([("Sec-GPC", "1, 1")]), gpc([("DNT", "1")])
    (True, False, False)
    """
    return any(name.lower() == "sec-gpc" and value == "1" for name, value in headers)


@attrs.frozen(repr=False)
class Signals:
    """
    What a request says of privacy.

    Attributes:
        gpc: Whether it carries Global Privacy Control.
        out: What the GPP string opts out of; Global Privacy Control opts out of all of it.
        tcf: The TC strings, one of its own and one in the GPP string: both must permit.
        malformed: Which strings could not be read: "tcf", "gpp"; each then says no.
    """

    gpc: bool = False
    out: OptOuts = _NOTHING_OUT
    tcf: tuple[TcString, ...] = ()
    malformed: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, headers: Iterable[tuple[str, str]] = (), *, tc_string: str | None = None, gpp_string: str | None = None
    ) -> "Signals":
        """
        Return what a request says; it never raises.

        Args:
            headers: All headers as they came.
            tc_string: The TC string, from wherever the site keeps it (a cookie `euconsent-v2`, say); None if there
                is none, and then it says nothing.
            gpp_string: The GPP string, likewise.
        """
        control, tcf, malformed = gpc(headers), list[TcString](), list[str]()
        out = ALL_OUT if control else _NOTHING_OUT
        if tc_string is not None:
            try:
                tcf.append(TcString.read(tc_string))
            except ValueRefused:
                malformed.append("tcf")
        if gpp_string is not None:
            try:
                read = GppString.read(gpp_string)
            except ValueRefused:
                malformed.append("gpp")
                out = ALL_OUT
            else:
                out |= read.out
                tcf += [] if read.tcf is None else [read.tcf]
        return cls(control, out, tuple(tcf), tuple(malformed))

    def refuses(self, purpose: int, vendor: int | None = None) -> bool:
        """
        Return whether a TC string says no to a purpose of the framework; without any string nothing is said.

        Args:
            purpose: The purpose's number, 1 to 24.
            vendor: The vendor's number; None asks for the publisher itself.
        """
        return bool(self.malformed) or not all(one.permits(purpose, vendor) for one in self.tcf)

    def __repr__(self) -> str:  # what somebody wants is personal
        return "<Signals>"
