"""Mails over SMTP, a connection for many, and an honest account of what the server said to each."""

import smtplib
import ssl
from contextlib import suppress
from typing import Final

from .transport import Envelope, Outcome, TransportDown

_TAKEN: Final = 250
_TAKEN_FOR_ANOTHER: Final = 251
_PERMANENT: Final = 500
_CLOSING: Final = 421
# As OpenSSL numbers them, X509_V_ERR_…
_WRONG_CERTIFICATES: Final = {
    9: "is not valid yet; look at both clocks",
    10: "has expired; renew it there",
    62: "is for another name; connect by the name that it is for",
    64: "is for another address; connect by the name that it is for",
}
_NOT_TRUSTED: Final = "is of an authority that is not trusted here; name its file in SSL_CERT_FILE"


class SMTP:
    """
    A server that takes mails for delivery.

    Args:
        host: Its name.
        port: Its port.
        username: For a login, with `password`; None logs nobody in.
        password: Likewise.
        tls: "starttls" encrypts or sends nothing, "tls" from the first byte, "none" not at all, as to a relay on the
            same host.
        timeout_s: So long an answer is waited for [s]; what has no answer by then is doubtful.

    Raises:
        TransportDown: If `tls` is none of these, or would send a password in the clear.
    """

    def __init__(
        self,
        host: str,
        port: int = 25,
        *,
        username: str | None = None,
        password: str | None = None,
        tls: str = "starttls",
        timeout_s: float = 30.0,
    ) -> None:
        if tls not in ("starttls", "tls", "none"):
            raise TransportDown("tls is one of starttls, tls, none")
        if username is not None and tls == "none":
            raise TransportDown("a password needs tls='starttls' or 'tls'")
        self._where = host, port
        self._login = None if username is None else (username, password or "")
        self._tls = tls
        self._timeout_s = timeout_s
        self._client: smtplib.SMTP | None = None

    def send(self, envelope: Envelope) -> Outcome:
        """Hand over one mail; see `Transport.send`."""
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.utf8 else []
        client = self._ready()
        if envelope.utf8 and not client.has_extn("smtputf8"):
            return Outcome.REFUSED
        try:
            for code, _ in (client.mail(envelope.sender, options), client.rcpt(envelope.recipient)):
                if code not in (_TAKEN, _TAKEN_FOR_ANOTHER):
                    return self._not_taken(client, code)
        except (smtplib.SMTPException, OSError) as error:  # nothing of the mail was sent
            self.close()
            raise TransportDown(f"the server went away: {type(error).__name__}") from None
        try:
            code, _ = client.data(envelope.message)
        except smtplib.SMTPDataError as error:  # it did not even want the mail
            return self._not_taken(client, error.smtp_code)
        except (smtplib.SMTPException, OSError):
            self.close()
            return Outcome.DOUBTFUL
        return Outcome.TAKEN if code == _TAKEN else self._not_taken(client, code)

    def _not_taken(self, client: smtplib.SMTP, code: int) -> Outcome:
        """Return what a refusal means, and make the connection ready for the next mail."""
        if code == _CLOSING:
            self.close()
            raise TransportDown("the server takes no more mails now (421)")
        try:
            client.rset()
        except (smtplib.SMTPException, OSError):
            self.close()
        return Outcome.REFUSED if code >= _PERMANENT else Outcome.LATER

    def _ready(self) -> smtplib.SMTP:
        """Return a connection that the server still answers on."""
        if self._client is not None:
            try:
                if self._client.noop()[0] == _TAKEN:
                    return self._client
            except (smtplib.SMTPException, OSError):
                pass
            self.close()
        try:
            self._client = self._connected()
        except smtplib.SMTPAuthenticationError:
            raise TransportDown("the server refuses the login") from None
        except (smtplib.SMTPException, OSError) as error:
            host, port = self._where
            raise TransportDown(f"{host}:{port} {_why(error)}") from None
        return self._client

    def _connected(self) -> smtplib.SMTP:
        host, port = self._where
        context = ssl.create_default_context()
        if self._tls == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self._timeout_s, context=context)
        else:
            client = smtplib.SMTP(host, port, timeout=self._timeout_s)
        try:
            if self._tls == "starttls":
                client.starttls(context=context)
            if self._login is not None:
                client.login(*self._login)
            client.ehlo_or_helo_if_needed()
        except BaseException:
            client.close()
            raise
        return client

    def close(self) -> None:
        """End the connection; the next mail opens another."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()


def _why(error: Exception) -> str:
    """Return why there is no connection, without what the server said."""
    if isinstance(error, ssl.SSLCertVerificationError):
        told = _WRONG_CERTIFICATES.get(error.verify_code, _NOT_TRUSTED)
        return f"is not trusted, and nothing was sent: its certificate {told}"
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return "does not encrypt from the first byte, and nothing was sent: use smtp://, or the port of smtps"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "offers no STARTTLS, and nothing was sent in the clear: use smtps://, or let it be set up there"
    return f"cannot be reached: {type(error).__name__}"
