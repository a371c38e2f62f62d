"""The view of unsubscribe links, asked as browsers, mail programs and strangers ask it."""

import pytest

pytest.importorskip("django", reason="needs the extra django")

from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client, override_settings
from django.urls import path

from tactful import ConsentState
from tactful_adapters.django.unsubscribe import view
from tactful_adapters.email.unsubscribe import Unsubscribing, Words

from . import django_project  # noqa: F401 - configures Django

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
CSRF = f"{CsrfViewMiddleware.__module__}.{CsrfViewMiddleware.__name__}"


@pytest.fixture
def made(edge):
    words = Words(title="<script>alert(1)</script>", question='Really "leave"?')
    return Unsubscribing(edge, edge._store, "https://shop.example/unsubscribe/", words=words)


@pytest.fixture
def asked(made):
    """A browser that Django checks for forged requests, as it does outside of tests."""
    with override_settings(MIDDLEWARE=[CSRF], ROOT_URLCONF=(path("unsubscribe/<str:token>", view(made)),)):
        yield Client(enforce_csrf_checks=True)


@pytest.fixture
def link(made):
    return made.link("ann", "offers", "web", "december").removeprefix("https://shop.example")


def refused(edge):
    return [one.purpose for one in edge.rights.consents("ann").records if one.state is ConsentState.WITHDRAWN]


def test_a_mail_program_unsubscribes_without_a_cookie_and_twice_is_as_once(asked, link, edge):
    for _ in range(2):
        answer = asked.post(link, ONE_CLICK)
        assert (answer.status_code, answer.cookies) == (200, {})
    assert set(refused(edge)) == {"offers", "ads"}


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_link_that_is_looked_at_takes_nothing_back(asked, link, edge, method):
    answer = getattr(asked, method)(link)
    assert answer.status_code == 200
    assert refused(edge) == []
    assert (b'method="post"' in answer.content.lower()) == (method == "get")


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_refused(asked, link, edge, method):
    assert getattr(asked, method)(link).status_code == 405
    assert refused(edge) == []


def test_a_form_of_somebody_else_takes_nothing_back(asked, link, edge):
    for body, kind in (
        ({}, None),
        ({"List-Unsubscribe": "Two-Click"}, None),
        ("List-Unsubscribe=One-Click", "text/plain"),
    ):
        answer = asked.post(link, body, **({} if kind is None else {"content_type": kind}))
        assert answer.status_code == 400
    assert asked.post(link, "x" * 100_000, content_type="application/x-www-form-urlencoded").status_code == 413
    assert refused(edge) == []


def test_all_tokens_that_are_not_ours_get_one_answer_so_that_nobody_can_be_counted(asked, made, edge):
    known = made.link("ann", "offers", "web", "december").rpartition("/")[2]
    other = made.link("zoe", "offers", "web", "december").rpartition("/")[2]
    forged = ["x", "ann", known[:-2], known[::-1], "A" * 2000, "%3Cscript%3E", f"{known}A"]
    answers = [asked.post(f"/unsubscribe/{token}", ONE_CLICK) for token in forged]
    assert {one.status_code for one in answers} == {404}
    (page,) = {one.content for one in answers}
    assert b"ann" not in page
    # whose link is good learns nothing of whether a customer is there
    assert asked.get(f"/unsubscribe/{known}").content == asked.get(f"/unsubscribe/{other}").content
    assert refused(edge) == []


def test_nothing_that_was_sent_comes_back_and_nobody_is_led_away(asked, link):
    for answer in (
        asked.get(f"{link}?next=https://evil.example/&x=<script>"),
        asked.post(f"{link}?next=https://evil.example/", {**ONE_CLICK, "next": "https://evil.example/"}),
        asked.post("/unsubscribe/<script>alert(1)</script>", ONE_CLICK),
    ):
        assert "Location" not in answer
        assert answer.status_code in (200, 404)
        assert b"evil.example" not in answer.content
        assert b"<script" not in answer.content
