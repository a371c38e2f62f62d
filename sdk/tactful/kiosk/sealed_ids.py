"""Customer ids as a kiosk's own store holds them: sealed with the device key, the same id always as the same text.

So contacts of one customer count together, a disk that is carried away names nobody, and what goes to the centre can
be opened again (AES-SIV, RFC 5297).
"""

import base64
import binascii
from typing import Final

from ..errors import PackError
from .rows import derived

_MARK: Final = "~"
_KEY_BYTES: Final = 64


class SealedIds:
    """Seals and opens the ids of one tenant's customers for one device."""

    def __init__(self, device_key: bytes, tenant: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415 - slow, for kiosks alone

        self._cipher = AESSIV(derived(device_key, "ids", _KEY_BYTES))
        self._bound = [tenant.encode()]

    def seal(self, id_: str) -> str:
        """Return an id sealed; a visitor's, which is empty, stays so."""
        if not id_:
            return ""
        sealed = self._cipher.encrypt(id_.encode("utf-8", "surrogatepass"), self._bound)
        return _MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, sealed: str) -> str:
        """
        Return the id that was sealed.

        Raises:
            PackError: If it was sealed with another device key, or is not as it was.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - slow, for kiosks alone

        if not sealed:
            return ""
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(_MARK) + "=" * (-len(sealed.removeprefix(_MARK)) % 4))
            return self._cipher.decrypt(raw, self._bound).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError, binascii.Error):
            message = "an id in the kiosk's store was sealed with another device key; give that one"
            raise PackError(message, code="pack-key") from None
