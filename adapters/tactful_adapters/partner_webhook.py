"""A partner who is told by HTTP: a POST with a signed body, acknowledged by a 2xx. It needs no client library.

The body has what `PartnerNotice.as_dict` says; how it is signed, `signed_post` does.
"""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

from tactful import CentreError, PartnerNotice, wall_clock

from .signed_post import SignedPost, signature

__all__ = ["WebhookPartner", "signature"]


class WebhookPartner:
    """Tells a partner by a POST to an address, signed as `SignedPost` says; `Idempotency-Key` is the notice's id."""

    def __init__(
        self, url: str, secret: bytes, *, timeout_s: float = 10.0, clock: Callable[[], int] = wall_clock
    ) -> None:
        """
        Say where and how the partner is told; nothing is sent yet.

        Args:
            url: The address, by https; by http on this machine alone.
            secret: What signs the body, 16 bytes or more, agreed with the partner.
            timeout_s: So long is waited for an answer [s].
            clock: Gives the moment [us since 1970].

        Raises:
            UsageError: If the address or the secret will not do.
        """
        self._post = SignedPost(url, secret, whose="a partner's", timeout_s=timeout_s, clock=clock)
        self._host = urlsplit(url).hostname

    def tell(self, notice: PartnerNotice) -> None:
        """
        Return once the partner has answered with a 2xx.

        Raises:
            CentreError: If it answered something else, or not at all; its code is "http-" and the status, or
                "partner-away".
        """
        try:
            reply = self._post.post(notice.id, json.dumps(notice.as_dict(), sort_keys=True).encode())
        except (OSError, ValueError) as error:  # no connection, a timeout, or an answer that is none
            message = f"the partner cannot be reached: {type(error).__name__}"
            raise CentreError(message, code="partner-away") from None
        if not reply.is_taken:
            message = f"the partner answered {reply.status}"
            raise CentreError(message, code=f"http-{reply.status}", retry_after_s=reply.retry_after_s)

    def __repr__(self) -> str:
        return f"<WebhookPartner {self._host}>"
