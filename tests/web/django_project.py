"""A Django project for tests: its settings, a model, and a database of its own for each test. Import it first."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["tactful_adapters.django"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "tactful_adapters.django.middleware.tactful",
        ],
        ROOT_URLCONF=(),
        SECRET_KEY="only for tests",  # noqa: S106 - no site has it
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        TACTFUL="tactful_adapters.web.page",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    import django

    django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.db import models
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from tactful_adapters.django import apps
from tactful_adapters.web import Site

#: The site of `served`.
site: Site | None = None


class Person(models.Model):  # noqa: DJ008 - nobody prints it
    """A shop's own table of customers."""

    crm_id = models.CharField(max_length=20, unique=True)
    visits = models.IntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    letters_ok = models.BooleanField(null=True)
    letters_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=20, default="")

    class Meta:
        app_label = "tactful"


class Regular(Person):  # noqa: DJ008 - nobody prints it
    """The same rows, under another name."""

    class Meta:
        app_label = "tactful"
        proxy = True


class Pet(models.Model):  # noqa: DJ008 - nobody prints it
    """Something of a customer's."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    tame = models.BooleanField(default=True)

    class Meta:
        app_label = "tactful"


@contextmanager
def served(ours: Site | None, text: str) -> Iterator[WSGIHandler]:
    """Give an application with one page, whose only middleware is ours, or none."""
    global site  # noqa: PLW0603 - settings name it
    named = f"{apps.__package__}.middleware.tactful"
    site = ours
    apps.site.cache_clear()
    with override_settings(
        MIDDLEWARE=[] if ours is None else [named],
        ROOT_URLCONF=(path("", lambda _: HttpResponse(text)),),
        TACTFUL=f"{__name__}.site",
    ):
        yield WSGIHandler()
    apps.site.cache_clear()
