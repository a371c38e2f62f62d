"""System checks: `manage.py check` tells what is not set up, before a page does."""

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution

from .apps import site
from .source_checks import mapped

OURS: Final = "tactful_adapters.django.middleware.tactful"
_SESSIONS: Final = "django.contrib.sessions.middleware.SessionMiddleware"


@register()
def setup(**_: Any) -> list[CheckMessage]:
    """Return what is wrong with the settings."""
    return [*_site(), *_middleware(), *mapped()]


def _site() -> Iterator[CheckMessage]:
    try:
        site()
    except Exception as error:  # noqa: BLE001 - whatever keeps it from being made is what is to be told
        yield Error(f"there is no site: {error}", hint="see docs/web.md, Django", id="tactful.E001")


def _middleware() -> Iterator[CheckMessage]:
    named = list(settings.MIDDLEWARE)
    if OURS not in named:
        yield Caution(
            "no request is a page: offers show nothing", hint=f"add {OURS!r} to MIDDLEWARE", id="tactful.W001"
        )
    elif _SESSIONS in named and named.index(_SESSIONS) > named.index(OURS):
        hint = f"put {_SESSIONS!r} before {OURS!r}"
        yield Error("who asks is not known: sessions come after it", hint=hint, id="tactful.E002")
