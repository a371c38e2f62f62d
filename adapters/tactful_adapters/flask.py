"""An extension for Flask: each request is a page, and templates have the tag `offer` and the calls of a page.

    Tactful(site).init_app(app)

The extra `flask` brings Flask. Who asks can be kept in Flask's session: `from_session("user")`.
"""

from contextvars import Token
from typing import Final

import tactful

try:
    import flask
except ImportError as error:
    raise tactful.ExtraMissing("the extension for Flask", "flask") from error

from .jinja import OfferExtension
from .jinja_calls import PageExtension
from .web import Page, Site, current
from .wsgi import marked, request_of

_PAGE: Final = "_tactful_page"


class Tactful:
    """
    The extension.

    Args:
        site: How the site is personalized.
    """

    def __init__(self, site: Site) -> None:
        self.site = site

    def init_app(self, app: flask.Flask) -> None:
        """Let an application's requests be pages, and its templates have the tag and the calls."""
        app.extensions["tactful"] = self
        app.jinja_env.add_extension(OfferExtension)
        app.jinja_env.add_extension(PageExtension)
        app.before_request(self._begin)
        app.after_request(self._mark)
        app.teardown_request(_end)

    def _begin(self) -> None:
        page = self.site.page(request_of(flask.request.environ, dict(flask.session)))
        page.warm()
        setattr(flask.g, _PAGE, (page, current.set(page)))

    def _mark(self, response: flask.Response) -> flask.Response:
        kept: tuple[Page, Token[Page]] | None = flask.g.get(_PAGE)
        if kept is not None:
            page, status = kept[0], response.status_code
            if page.is_personal:
                headers = marked(response.headers.items(), page)
                response.headers.clear()
                for name, value in headers:
                    response.headers.add(name, value)
            response.call_on_close(lambda: page.confirm(status))
        return response


def _end(error: BaseException | None) -> None:
    del error
    kept: tuple[Page, Token[Page]] | None = flask.g.pop(_PAGE, None)
    if kept is not None:
        current.reset(kept[1])
