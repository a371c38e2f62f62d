"""The GPP string of IAB's Global Privacy Platform: its header, and what its sections opt out of.

The format: https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform. Sections that are read: EU TCF,
US privacy, US national and California. Any other section opts out of all that sections can opt out of.
"""

from typing import Final

import attrs

from ..errors import ValueRefused
from .bits import Bits
from .tcf import TcString

TCF_EU, US_PRIVACY, US_NATIONAL, CALIFORNIA = 2, 6, 7, 8
_TYPE, _VERSION = 3, 1
_SECTIONS_MAX: Final = 50
_GPC_SEGMENT: Final = 1
#: Who says neither yes nor no, because the business does not do it, has not opted out.
_OPTED_OUT: Final = 1


@attrs.frozen
class OptOuts:
    """
    What somebody opted out of.

    Attributes:
        sale: The sale of personal data.
        sharing: Sharing it with third parties.
        advertising: Its use for targeted advertising.
    """

    sale: bool = False
    sharing: bool = False
    advertising: bool = False

    def __or__(self, other: "OptOuts") -> "OptOuts":
        """Return what either opts out of: any no wins."""
        return OptOuts(self.sale or other.sale, self.sharing or other.sharing, self.advertising or other.advertising)


ALL_OUT: Final = OptOuts(sale=True, sharing=True, advertising=True)


@attrs.frozen(repr=False)
class GppString:
    """
    A decoded GPP string.

    Attributes:
        sections: The sections' numbers, in order.
        out: What its sections opt out of, together.
        tcf: The section of the EU's framework, or None.
    """

    sections: tuple[int, ...]
    out: OptOuts
    tcf: TcString | None

    @classmethod
    def read(cls, text: str) -> "GppString":
        """
        Return what a GPP string says.

        Raises:
            ValueRefused: If it is malformed; the message does not hold it.
        """
        header, *parts = text.split("~")
        sections = _header(Bits(header, "the GPP string"))
        if len(sections) != len(parts):
            raise ValueRefused("the GPP string has another number of sections than its header says")
        by_number = dict(zip(sections, parts, strict=True))
        out = OptOuts()
        for number, part in by_number.items():
            out |= _out(number, part)
        return cls(sections, out, TcString.read(by_number[TCF_EU]) if TCF_EU in by_number else None)

    def __repr__(self) -> str:  # what somebody opted out of is personal
        return f"<GppString of sections {self.sections}>"


def _header(bits: Bits) -> tuple[int, ...]:
    if (bits.whole(6), bits.whole(6)) != (_TYPE, _VERSION):
        raise ValueRefused("the GPP string is of another type or version")
    found: list[int] = []
    last = 0
    for _ in range(bits.whole(12)):
        is_range = bits.flag()
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if is_range else first
        if len(found) + last - first >= _SECTIONS_MAX:
            raise ValueRefused(f"the GPP string has more than {_SECTIONS_MAX} sections")
        found += range(first, last + 1)
    return tuple(found)


def _out(number: int, part: str) -> OptOuts:
    match number:
        case 2:  # its own consents say it
            return OptOuts()
        case 6:
            return _us_privacy(part)
        case 7:
            return _national(part)
        case 8:
            return _california(part)
        case _:
            return ALL_OUT


def _us_privacy(part: str) -> OptOuts:
    """Return what a US privacy string opts out of: version, notice, opt-out of sale, LSPA."""
    if len(part) != 4 or part[0] != "1" or not set(part[1:]) <= set("YNyn-"):  # noqa: PLR2004 - its length
        raise ValueRefused("a section of the GPP string is no US privacy string")
    return ALL_OUT if part[2] in "Yy" else OptOuts()


def _national(part: str) -> OptOuts:
    core, gpc = _segments(part)
    core.whole(6 + 6 * 2)  # version, six notices
    sale, sharing, advertising = (core.whole(2) == _OPTED_OUT for _ in range(3))
    return OptOuts(sale, sharing, advertising) | gpc


def _california(part: str) -> OptOuts:
    core, gpc = _segments(part)
    core.whole(6 + 3 * 2)  # version, three notices
    sale, sharing = (core.whole(2) == _OPTED_OUT for _ in range(2))
    return OptOuts(sale, sharing, advertising=sharing) | gpc  # what California calls sharing is for advertising


def _segments(part: str) -> tuple[Bits, OptOuts]:
    """Return the core of a section, and what its segment of Global Privacy Control opts out of."""
    core, *others = part.split(".")
    out = OptOuts()
    for other in others:
        bits = Bits(other, "a segment of the GPP string")
        if bits.whole(2) != _GPC_SEGMENT or bits.flag():
            out = ALL_OUT
    return Bits(core, "a section of the GPP string"), out
