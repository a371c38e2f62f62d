"""Every error that tactful raises. Nothing in a decision raises; these come before or beside one.

TactfulError
├── PolicyError (ValueError)      a policy's files are wrong: all mistakes at once
├── BundleError (ValueError)      a bundle is refused
├── PackError (ValueError)        a store's pack, or its device key, is refused
├── PluginError (RuntimeError)    a plugin breaks its contract
├── ValueRefused (ValueError)     a value from outside does not fit its type
├── StoreError (RuntimeError)     a store cannot answer
├── CentreError (RuntimeError)    a centre cannot be reached, or refuses an edge
├── TokenError (ValueError)       a decision's token is not ours, altered or too old
├── UsageError (RuntimeError)     a call that cannot be meant, such as `decide` after `close`
└── ExtraMissing (ImportError)    an extra is not installed
"""

import attrs


class TactfulError(Exception):
    """
    The root of all errors of tactful.

    Attributes:
        code: A stable word for programs; each is explained in docs/errors.md.
    """

    code = "tactful"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


@attrs.frozen
class Mistake:
    """One mistake in a policy: where, what, and what would be right."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint} [{self.code}]"


class PolicyError(TactfulError, ValueError):
    """A policy's files are wrong. `mistakes` holds every mistake, in the order of the files."""

    code = "policy"

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class BundleError(TactfulError, ValueError):
    """A bundle is refused; `code` says at which check."""

    code = "bundle"


class PackError(TactfulError, ValueError):
    """A store's pack, or its device key, is refused; `code` says at which check."""

    code = "pack"


class PluginError(TactfulError, RuntimeError):
    """A plugin breaks its contract; the message names plugin, distribution and hook."""

    code = "plugin"


class ValueRefused(TactfulError, ValueError):
    """A value from outside does not fit its declared type. The message never holds the value."""

    code = "value"


class StoreError(TactfulError, RuntimeError):
    """A store cannot answer, or refuses what it was given."""

    code = "store"


class CentreError(TactfulError, RuntimeError):
    """
    A centre cannot be reached, is busy, or refuses this edge.

    Attributes:
        retry_after_s: The centre wants no further call before so long [s]; None if it did not say.
        status: The status of HTTP with which a relay refused; None if it did not.
    """

    code = "centre"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s
        self.status = status


class TokenError(TactfulError, ValueError):
    """A decision's token is not ours, was altered, or is too old."""

    code = "token"


class UsageError(TactfulError, RuntimeError):
    """A call that cannot be meant."""

    code = "usage"


class ExtraMissing(TactfulError, ImportError):
    """A library of an extra is not installed; `extra` names the extra."""

    code = "extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra {extra!r}: pip install 'tactful[{extra}]'")
        self.extra = extra
