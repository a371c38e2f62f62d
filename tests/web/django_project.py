"""A Django project for tests: its settings, a model, and a database of its own for each test. Import it first."""

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

from django.db import models


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
