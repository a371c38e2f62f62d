"""The noun of the linter and the review queue: something to think about, with a reason and a way out."""

import attrs


@attrs.frozen
class Finding:
    """Something to think about: a stable code, what it is about, why, and a way out."""

    code: str
    about: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.about}: {self.reason}; {self.way_out} [{self.code}]"
