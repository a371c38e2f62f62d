"""For authors of stores, plugins and policies: kits, strategies, references. Nothing here runs in production."""

from importlib import import_module

from ..errors import ExtraMissing

try:
    for _library in ("hypothesis", "pytest"):  # said at once, rather than by the first kit that needs it
        import_module(_library)
except ModuleNotFoundError as error:
    raise ExtraMissing("tactful.testing", "testing") from error
