"""A request's body, as an ASGI server gives it in pieces: so much of it, within so long. It reads nothing in it."""

import asyncio
from typing import Final

from .asgi import Receive

#: So long a body may take to come [s]: who lets it trickle in holds a place that others wait for.
BODY_S: Final = 10.0
#: The status of a body that is larger than it may be.
TOO_LARGE: Final = 413
#: What became of a body that is not taken, by its HTTP status.
NOT_TAKEN: Final = {
    400: "the body did not come to its end",
    408: f"the body took more than {BODY_S:.0f} s",
    TOO_LARGE: "the body is too large",
}


class NotTaken(Exception):
    """
    A body that is not taken.

    Attributes:
        status: The HTTP status that says why.
    """

    def __init__(self, status: int) -> None:
        super().__init__(NOT_TAKEN[status])
        self.status = status


async def body_of(receive: Receive, max_bytes: int) -> bytes:
    """
    Return a request's body.

    Args:
        receive: Gives the next piece.
        max_bytes: It is no larger [B].

    Raises:
        NotTaken: If it is larger, takes longer than `BODY_S`, or the client goes away.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise NotTaken(400)
                body += message.get("body", b"")
                if len(body) > max_bytes:
                    raise NotTaken(TOO_LARGE)
                more = message.get("more_body", False)
    except TimeoutError:
        raise NotTaken(408) from None
    return bytes(body)
