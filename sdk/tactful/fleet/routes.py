"""The routes of a fleet, opened beside a relay's own: enrolment, reports with orders in return, a device's pack."""

from collections.abc import Sequence
from typing import Final, TypeVar

import attrs
from starlette.responses import Response

from ..clock import wall_clock
from ..errors import BundleError
from ..relay import wire
from ..relay.answer import Question, digest
from ..relay.asking import Refused, body_of, nonce_of, stranger
from ..relay.relaying import Door
from ..relay.routes import Ask, Opened, answered
from .asked import Asked
from .enrolment import Refusal
from .report import REPORT_MAX_BYTES, Report, packed, unpacked
from .served import Fleet

_Noun = TypeVar("_Noun", bound=attrs.AttrsInstance)
_TOLD: Final = {
    Refusal.EXPIRED: (410, "the code may be used no more; have a new one made"),
    Refusal.USED: (409, "the code was used; if it was not you, have the device of that name killed"),
}


def routes(fleet: Fleet) -> Sequence[Opened]:
    """
    Return the routes of a fleet.

    Args:
        fleet: What answers.
    """

    async def enrol(ask: Ask) -> Response:
        raw = await body_of(ask.request, REPORT_MAX_BYTES)
        question = Question(ask.relay.tenant, "enrol", nonce_of(ask.request), sent=digest(raw))
        asked = _read(Asked, raw)
        found = await ask.relay.lanes["fleet"].run(lambda: fleet.admit(asked, wall_clock()))
        if found is Refusal.UNKNOWN:
            raise stranger()  # as to anybody who knows nothing
        if isinstance(found, Refusal):
            status, detail = _TOLD[found]
            raise Refused(status, found.value, detail)
        return answered(ask, question, packed(found), at_us=wall_clock(), media_type=wire.MEDIA_TYPE)

    async def report(ask: Ask) -> Response:
        raw = await body_of(ask.request, REPORT_MAX_BYTES)
        question = Question(ask.relay.tenant, "report", nonce_of(ask.request), sent=digest(raw))
        told = _read(Report, raw)
        if told.device != ask.device.id:  # what is signed for one device is true of no other
            raise Refused(400, "field", "expected the name that goes with the token", field="device")
        orders = await ask.relay.lanes["fleet"].run(lambda: fleet.take(ask.device, told, wall_clock()))
        return answered(ask, question, packed(orders), at_us=wall_clock(), media_type=wire.MEDIA_TYPE)

    async def pack(ask: Ask) -> Response:
        question = Question(ask.relay.tenant, "pack", nonce_of(ask.request))
        found = await ask.relay.lanes["fleet"].run(lambda: fleet.pack_for(ask.device))
        if found is None:
            raise Refused(404, "no-pack", "there is no pack for this device", field="path")
        return answered(ask, question, found.raw, at_us=wall_clock(), sha256=found.sha256)

    return (
        Opened("POST", "/v1/enrol", enrol, Door.ANYONE),
        Opened("POST", "/v1/report", report, Door.KILLED_TOO),
        Opened("GET", "/v1/pack", pack),
    )


def _read(cls: type[_Noun], raw: bytes) -> _Noun:
    try:
        return unpacked(cls, raw)
    except BundleError as error:
        place = str(error).partition(":")[0].strip("/")
        known = {field.name for field in attrs.fields(cls)}
        named = place if place in known else "body"
        raise Refused(400, "field", f"this can be no {cls.__name__.lower()} of a device", field=named) from None
