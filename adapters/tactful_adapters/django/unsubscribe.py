"""The view that answers unsubscribe links: `path("unsubscribe/<str:token>", view(made))`.

It is exempt from Django's CSRF check, as mail programs send no cookie: the token in the link is the authority
(RFC 8058).
"""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt

from ..email.unsubscribe import BODY_MAX_BYTES, Unsubscribing


def view(made: Unsubscribing | Callable[[], Unsubscribing]) -> Callable[[HttpRequest, str], HttpResponse]:
    """
    Return the view.

    Args:
        made: What answers, or a function that makes it when the first request comes.
    """
    once = cache(lambda: made if isinstance(made, Unsubscribing) else made())

    @csrf_exempt
    def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
        try:
            body = request.read(BODY_MAX_BYTES + 1)
        except RawPostDataException:  # something before us has read it as a form
            body = b""
        answer = once().answer(request.method or "", token, request.headers.get("Content-Type", ""), body)
        return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))

    return unsubscribe
