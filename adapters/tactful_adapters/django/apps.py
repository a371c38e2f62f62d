"""The app's configuration, and the site that the setting `TACTFUL` names."""

from contextlib import suppress
from functools import cache
from importlib import import_module

import tactful

try:
    from django.apps import AppConfig
    from django.conf import settings
    from django.utils.module_loading import import_string
except ImportError as error:
    raise tactful.ExtraMissing("the app for Django", "django") from error

from ..web import Site


class TactfulConfig(AppConfig):
    """The app `tactful`."""

    name = "tactful_adapters.django"
    label = "tactful"
    verbose_name = "tactful"

    def ready(self) -> None:
        """Register the system checks, and hear of the models that the site's module maps."""
        import_module(f"{__package__}.checks")  # importing registers them
        with suppress(Exception):  # whatever it is, the checks tell it
            import_string(str(getattr(settings, "TACTFUL", "")))
        from .source_signals import connect_all  # noqa: PLC0415 - models can be asked for from now on

        connect_all()


@cache
def site() -> Site:
    """
    Return the site that `TACTFUL` names: a `Site`, or a function that returns one, by its dotted path.

    Raises:
        UsageError: If there is no such setting, or what it names is no site.
        ImportError: If the path leads to nothing.
    """
    path = getattr(settings, "TACTFUL", None)
    if not isinstance(path, str):
        raise tactful.UsageError('settings need TACTFUL = "shop.personal.site", the dotted path of a Site')
    found = import_string(path)
    made = found() if callable(found) else found
    if not isinstance(made, Site):
        raise tactful.UsageError(f"TACTFUL names {path}, which is a {type(made).__name__} and no Site")
    return made
