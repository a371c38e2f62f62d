"""A real Django project: pages, sessions, templates with the tag, and what `manage.py check` tells."""

import ast
import asyncio
import re
from pathlib import Path

import pytest

pytest.importorskip("django", reason="needs the extra django")

from django.conf import settings
from django.core.checks import run_checks
from django.http import HttpResponse, StreamingHttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from tactful import Source
from tactful_adapters.django import apps
from tactful_adapters.django.source import Column, ConsentColumn, ModelSource, sources
from tactful_adapters.web import page

from . import django_project  # noqa: F401 - configures Django

TEMPLATES = {
    "short": '{% load tactful %}{% offer "hero" %}Hello{% endoffer %}',
    "none": '{% load tactful %}{% offer "aside" %}<i>Hello</i>{% endoffer %}',
    "own": '{% load tactful %}{% offer "hero" as it %}<b>{{ it.title }}</b>{% else %}Hello{% endoffer %}',
    "own-none": '{% load tactful %}{% offer "aside" as it %}<b>{{ it.title }}</b>{% else %}Hello{% endoffer %}',
    "hero": '{% load tactful %}{% hero "hero" as it %}<b>{{ it.content.title }}</b>{{ it.offer }}',
    "blocks": '{% load tactful %}{% blocks "row" as row %}{% for it in row %}{{ it.content.title }},{% endfor %}',
    "moments": '{% load tactful %}{% moments "bell" as row %}{% for it in row %}{{ it.moment }},{% endfor %}',
    "menu": '{% load tactful %}{% navigation "row" menu as it %}{% for one in it.items %}{{ one.name }}{% endfor %}',
    "named": "{% load tactful %}{% offer place %}Hello{% endoffer %}",
}
MENU = [{"name": "a"}, {"name": "b", "topic": "food"}]


def login(request):
    request.session["user"] = "ann"
    return HttpResponse("hello")


def show(request, name):
    answer = HttpResponse(Template(TEMPLATES[name]).render(Context({"place": "hero", "menu": MENU})))
    answer["ETag"] = '"1"'
    answer["Vary"] = "Accept-Language"
    return answer


def plain(request):
    return HttpResponse("nothing personal", headers={"ETag": '"1"'})


def missing(request):
    page().content("hero")
    return HttpResponse("no", status=404)


async def soon(request):
    return HttpResponse(page().content("hero")["title"])


def stream(request):
    title = page().content("hero")["title"]
    return StreamingHttpResponse(iter([title.encode(), b"!"]))


URLS = (
    path("show/<name>/", show),
    *(path(f"{view.__name__}/", view) for view in (login, plain, missing, soon, stream)),
)


@pytest.fixture(autouse=True)
def served(site, monkeypatch):
    monkeypatch.setattr("tactful_adapters.web.site_of_tests", site, raising=False)
    apps.site.cache_clear()
    with override_settings(TACTFUL="tactful_adapters.web.site_of_tests", ROOT_URLCONF=URLS):
        yield
    apps.site.cache_clear()


@pytest.fixture
def browser():
    client = Client()
    client.get("/login/")
    return client


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("short", "Thanks &amp; more"),
        ("named", "Thanks &amp; more"),
        ("none", "<i>Hello</i>"),
        ("own", "<b>Thanks &amp; more</b>"),
        ("own-none", "Hello"),
        ("hero", "<b>Thanks &amp; more</b>thanks"),
    ],
)
def test_templates_show_offers_escaped_once_and_nobody_may_keep_the_page(browser, shown, name, text):
    answer = browser.get(f"/show/{name}/")

    assert answer.content.decode() == text
    assert answer["Cache-Control"] == "private, no-store"
    assert {"Accept-Language", "Cookie", "Sec-GPC"} <= {one.strip() for one in answer["Vary"].split(",")}
    assert "ETag" not in answer
    assert shown() == ([("shown", "thanks")] if "Thanks" in text else [])


@pytest.mark.parametrize(
    ("name", "text", "offers"),
    [
        ("blocks", "Thanks &amp; more,A partner&#x27;s,", {"thanks", "partner"}),
        ("moments", "reminder,", {"stamps"}),
        ("menu", "ba", {"thanks"}),
    ],
)
def test_the_calls_of_a_page_are_tags(browser, shown, name, text, offers):
    assert browser.get(f"/show/{name}/").content.decode() == text
    assert {offer for _, offer in shown()} == offers


def test_a_visitor_sees_the_fallback_and_a_plain_page_stays_as_it_is(browser, shown):
    assert Client().get("/show/short/").content == b"Welcome"
    assert browser.get("/plain/")["ETag"] == '"1"'
    assert "Cache-Control" not in browser.get("/plain/")
    browser.get("/missing/")
    browser.get("/show/short/", headers={"Sec-Purpose": "prefetch"})
    assert shown() == []


def test_a_body_in_pieces_is_shown_when_it_is_out(browser, shown):
    answer = browser.get("/stream/")

    assert b"".join(answer.streaming_content) == b"Thanks &amp; more!"
    assert answer["Cache-Control"] == "private, no-store"
    answer.close()
    assert shown() == [("shown", "thanks")]


def test_with_an_event_loop_it_is_the_same(shown):
    async def asked():
        client = AsyncClient()
        await client.get("/login/")
        return await client.get("/soon/")

    answer = asyncio.run(asked())

    assert (answer.content, answer["Cache-Control"]) == (b"Thanks &amp; more", "private, no-store")
    assert shown() == [("shown", "thanks")]


def told():
    apps.site.cache_clear()
    return [one.id for one in run_checks() if one.id.startswith("tactful.")]


def test_what_is_set_up_passes_the_checks():
    assert told() == []


@pytest.mark.parametrize("named", [None, "nowhere.at_all", "tactful_adapters.web_request.COOKIES_MAX", 7])
def test_a_site_that_is_none_is_an_error_of_the_checks(named):
    with override_settings(TACTFUL=named):
        assert told() == ["tactful.E001"]


def test_middleware_that_is_not_there_or_too_early_is_told():
    with override_settings(MIDDLEWARE=[]):
        assert told() == ["tactful.W001"]
    with override_settings(MIDDLEWARE=list(reversed(settings.MIDDLEWARE))):
        assert told() == ["tactful.E002"]


@pytest.mark.parametrize(
    "tag", ["offer", 'offer "hero" as', 'offer "hero" as 7x', 'offer "hero" it', 'offer "hero" as a b']
)
def test_a_tag_that_cannot_be_meant_is_refused_when_the_template_is_read(tag):
    with pytest.raises(TemplateSyntaxError, match="offer"):
        Template("{% load tactful %}{% " + tag + " %}{% endoffer %}")


def test_the_project_of_web_md_is_one():
    told = (Path(__file__).parents[2] / "docs" / "web.md").read_text(encoding="utf-8")
    python, mapping = re.findall(r"```python\n(.*?)```", told, re.DOTALL)
    (html,) = re.findall(r"```html\n(.*?)```", told, re.DOTALL)

    for name in ("sessions.middleware.SessionMiddleware", "django.middleware.tactful"):
        (dotted,) = re.findall(rf'"([\w.]+{name})"', python)
        assert dotted in settings.MIDDLEWARE
    assert f'"{settings.INSTALLED_APPS[0]}"' in python
    ast.parse(python.replace("...,", "").replace(", ...", ""))
    assert "Welcome" in html
    Template(html)
    folder = Path(apps.__file__).parent
    known = {
        id_ for one in folder.glob("*checks.py") for id_ in re.findall(r"tactful\.[EW]\d+", one.read_text("utf-8"))
    }
    assert set(re.findall(r"tactful\.[EW]\d+", told)) == known
    made = next(one for one in ast.walk(ast.parse(mapping)) if isinstance(one, ast.Call))
    names = {"ModelSource": ModelSource, "Column": Column, "ConsentColumn": ConsentColumn, "Source": Source}
    source = eval(ast.unparse(made), names)  # noqa: S307 - our own page
    sources.discard(source)
    assert source.consent_columns[0].scope == ("offers", "mail")
