"""What is said to a request that cannot be answered: a problem (RFC 9457) that names the field, and never a value."""

from collections.abc import Mapping
from http import HTTPStatus


class Problem(Exception):
    """
    A request that cannot be answered.

    Attributes:
        status: The HTTP status.
        code: What is wrong, for programs.
        detail: What is wrong and what would be right, for people; nothing that was sent.
        field: The field of the body, or the header; or empty.
        headers: Headers that go with the answer.
    """

    def __init__(
        self, status: int, code: str, detail: str, field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.field = status, code, detail, field
        self.headers = dict(headers or {})

    def told(self) -> Mapping[str, object]:
        """Return it as the answer's body has it."""
        told: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(self.status).phrase}
        told |= {"status": self.status, "code": self.code, "detail": self.detail}
        return told | ({"field": self.field} if self.field else {})


def misfit(field: str, expected: str) -> Problem:
    """Return the problem of a field that is not as it should be."""
    return Problem(400, "field", f"expected {expected}", field)
