"""What a bundle says of itself before its policy: whose, which epoch, until when, and the digest of what follows."""

import attrs

FORMAT = 1


@attrs.frozen
class Header:
    """
    A bundle's header.

    Attributes:
        format: The version of the format.
        tenant: Whose policy it is.
        epoch: Rises with every bundle of a tenant.
        issued_us: From when it may be used [us since 1970].
        expires_us: It may not be used at or after this moment [us since 1970].
        sha256: The digest of the policy's bytes, in hex.
        length: The length of the policy's bytes.
        plugins: The guardrails that it needs, each with the versions that will do.
    """

    format: int
    tenant: str
    epoch: int
    issued_us: int
    expires_us: int
    sha256: str
    length: int
    plugins: tuple[tuple[str, str], ...] = ()
