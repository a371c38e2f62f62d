"""A relay as a device of a fleet asks it: beside the centre, where to report, and its pack. It obeys nothing itself."""

from typing import Final

from ..errors import BundleError, CentreError
from ..relay.answer import digest
from ..relay.client import RelayCentre
from ..relay.wire import MEDIA_TYPE
from .packs_folder import PACK_MAX_BYTES
from .report import REPORT_MAX_BYTES, Orders, Report, packed, unpacked

_HEADERS: Final = {"Content-Type": MEDIA_TYPE}


class FleetRelay(RelayCentre):
    """A `Centre` behind a relay that has a fleet. Safe under threads."""

    def report(self, report: Report) -> Orders:
        """
        Tell the relay how this device stands, and return what it says: signed for this very report, or nothing.

        Raises:
            CentreError: If there is no answer, or none of the relay's to this report. Then nothing was ordered.
        """
        body = packed(report)
        question = self._question("report", sent=digest(body))
        found, _ = self._ask("POST", "/v1/report", question, REPORT_MAX_BYTES, headers=_HEADERS, body=body)
        try:
            return unpacked(Orders, found.body)
        except BundleError as error:
            raise CentreError(f"the relay's answer cannot be read: {error}", code="centre-nonsense") from None

    def pack(self) -> bytes:
        """
        Return this device's pack, for `Edge.take_pack`, which verifies it.

        Raises:
            CentreError: If there is no answer, none of the relay's to this question, or no pack.
        """
        found, _ = self._ask("GET", "/v1/pack", self._question("pack"), PACK_MAX_BYTES)
        return found.body
