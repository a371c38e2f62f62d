"""For authors of stores, plugins and policies: kits, strategies, references. Nothing here runs in production."""

from ..errors import ExtraMissing

try:
    import hypothesis  # noqa: F401 - said at once, rather than by the first kit that needs it
    import pytest  # noqa: F401
except ModuleNotFoundError as error:
    raise ExtraMissing("tactful.testing", "testing") from error
