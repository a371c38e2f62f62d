"""Canaries by way of HTTP, mail and telemetry: what is refused, logged, measured and kept of decisions holds none."""

import json
import smtplib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from tests.email.conftest import free_port

import tactful
from tactful import MemoryCentre, MemoryStore, SyncOptions
from tactful.authoring import compile_files
from tactful.serve.app import serve_app
from tactful_adapters.email import SMTP, Campaign, Journal, Run, Unsubscribing
from tactful_adapters.email.transport import Outcome
from tactful_adapters.ofrep import ofrep_app
from tactful_adapters.segment import SegmentApp

from .canary import CARD, SHOP, WHO
from .canary_stores import filled
from .overhearing import CANARY

Ways = Mapping[str, Callable[[], object]]
_WEB: Final = (
    SHOP.replace("{web: private}", "{web: private, letter: {privacy: private, outbound: true}}").replace(
        "{page: {channel: web, slots: 2}}", "{page: {channel: web, slots: 2}, letter.new: letter}"
    )
    + """
identifiers: {card: person, cookie: device}
events: {anonymous_id: cookie, identify: {name: first_name}, track: {Bought: {counts_as: purchase, topic: food}}}
"""
)
_TITLE: Final = '{% offer "letter.new" as it %}{{ it.title }}{% endoffer %}'
_TEMPLATES: Final = {
    "subject.txt": _TITLE,
    "mail.txt": f"{_TITLE} {{{{ unsubscribe_url }}}}",
    "mail.mjml": f"""<mjml lang="en"><mj-head><mj-title>{{{{ campaign }}}}</mj-title></mj-head><mj-body><mj-section>
        <mj-column><mj-text>{_TITLE} <a href="{{{{ unsubscribe_url }}}}">No more</a></mj-text></mj-column>
        </mj-section></mj-body></mjml>""",
}


def _asked(app: Any, path: str, body: object, **headers: str) -> object:
    """Return the status, and of a refusal all that it says."""
    from starlette.testclient import TestClient  # noqa: PLC0415 - an extra

    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=True) as client:
        answer = client.post(path, content=sent, headers={"content-type": "application/json", **headers})
    told = (answer.text, dict(answer.headers)) if answer.status_code >= 400 else ""
    return answer.status_code, told


def _edge(stack: ExitStack, **more: Any) -> tactful.Edge:
    store = MemoryStore()
    filled(store)
    policy = compile_files({"shop.yaml": _WEB.encode()})
    centre: Any = MemoryCentre()
    edge = tactful.open(policy, store=store, centre=centre, sync=SyncOptions(threads=False), log=True, **more)
    return stack.enter_context(edge)


def _bodies(good: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Give a body that is right, and such as a caller sends by mistake, all with canaries."""
    yield "right", good
    yield "no JSON", json.dumps(good).encode()[:-3] + CANARY.encode()
    yield "no Unicode", CANARY.encode() + b"\xff"
    yield "a list", [good, CANARY]
    yield "a key more", {**good, CANARY: CANARY}
    for name in good:
        yield f"{name} of another type", {**good, name: {CANARY: [CANARY]}}
        yield f"{name} unknown", {**good, name: CANARY}
    yield "too large", {**good, "more": CANARY * 200_000}


def http_ways(stack: ExitStack) -> Ways:
    """Return what is asked of a served edge, by OFREP and by Segment's interface."""
    edge = _edge(stack)
    key = {"authorization": "Basic a2V5Og=="}
    served, flags, events = serve_app(edge), ofrep_app(edge), SegmentApp(edge, ["key"])
    flag = {"context": {"targetingKey": WHO, "query": CANARY, "identifiers": CARD}}
    track = {"userId": WHO, "event": "Bought", "properties": {"a": CANARY}, "anonymousId": CANARY, "context": {}}
    asked: tuple[tuple[Any, str, Mapping[str, Any], Mapping[str, str]], ...] = (
        (served, "/v1/decide", {"placements": ["page"], "who": WHO, "context": {"query": CANARY}}, {}),
        (served, "/v1/record", {"token": CANARY}, {}),
        (served, "/v1/opt-out", {"who": {"card": CANARY}, "purpose": "offers"}, {}),
        (served, f"/v1/{CANARY[:0]}nothing", {"who": WHO}, {}),
        (flags, "/ofrep/v1/evaluate/flags/page", flag, {}),
        (flags, "/ofrep/v1/evaluate/flags", flag, {}),
        (events, "/v1/track", track, key),
        (events, "/v1/identify", {"userId": WHO, "traits": {"name": CANARY}, "timestamp": CANARY}, key),
        (events, "/v1/batch", {"batch": [track, {"type": CANARY}, CANARY], "sentAt": CANARY}, key),
        (events, "/v1/track", track, {"authorization": f"Basic {CANARY}"}),
    )
    return {
        f"{path} {number}: {how}": (
            lambda app=app, path=path, body=body, headers=headers: _asked(app, path, body, **headers)
        )
        for number, (app, path, good, headers) in enumerate(asked)
        for how, body in _bodies(good)
    }


class _RefusingByName:
    """A mail server whose refusals hold the address."""

    async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802 - as the server calls it
        """Refuse."""
        return f"550 nobody is {given[3]} here"


class _Telling:
    """A transport whose errors hold addresses, as those of a server do."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def send(self, envelope: Any) -> Outcome:
        """Fail as `smtplib` does, or refuse."""
        if self.error is not None:
            raise self.error
        return Outcome.REFUSED

    def close(self) -> None:
        """Do nothing."""


def mail_ways(folder: Path, stack: ExitStack) -> Ways:
    """Return what a campaign and unsubscribe links do where addresses are none, and where the server tells them."""
    edge, store = _edge(stack), MemoryStore()
    unsubscribing = Unsubscribing(edge, store, "https://shop.example/u/")
    templates = folder / "templates"
    templates.mkdir()
    for name, text in _TEMPLATES.items():
        (templates / name).write_text(text, encoding="utf-8")
    campaign = Campaign(
        name="may", edge=edge, store=store, placements=("letter.new",), purpose="offers", sender="a@shop.example",
        templates=templates, unsubscribing=unsubscribing,
    )  # fmt: skip
    edge.opt_in(WHO, "offers")
    address = f"{CANARY}@post.example"
    rows: Mapping[str, list[Mapping[str, object]]] = {
        "a row": [{"customer": WHO, "address": address}],
        "an address that is none": [{"customer": WHO, "address": f"{CANARY}@@\r\nBcc: x"}],
        "a row without a customer": [{"address": address}],
        "a row of another type": [{"customer": WHO, "address": address, "first_name": {CANARY: object()}}],
        "a customer twice": [{"customer": WHO, "address": address}] * 2,
    }
    server = Controller(_RefusingByName(), hostname="127.0.0.1", port=free_port())
    server.start()
    stack.callback(server.stop, no_assert=True)
    transports: Mapping[str, Any] = {
        "a server that refuses by name": SMTP("127.0.0.1", server.port, tls="none", timeout_s=5),
        "refused": _Telling(),
        "refused by name": _Telling(smtplib.SMTPRecipientsRefused({address: (550, address.encode())})),
        "sender refused": _Telling(smtplib.SMTPSenderRefused(550, address.encode(), address)),
        "a server that is away": SMTP("127.0.0.1", 1, tls="none", timeout_s=1),
    }
    numbers = iter(range(1000))

    def sent(transport: Any, given: Any) -> object:
        with closing(transport), Journal(folder / f"{next(numbers)}.journal", "may") as journal:
            return Run(campaign, transport, journal).send(given)

    ways: dict[str, Callable[[], object]] = {
        f"mail, {how}: {what}": (lambda transport=transport, given=given: sent(transport, given))
        for how, transport in transports.items()
        for what, given in rows.items()
    }
    link = unsubscribing.link(WHO, "offers", "letter", "may")
    kind, form = "application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"
    ways["unsubscribe, a link"] = lambda: (link, unsubscribing.headers(link))
    ways["unsubscribe, a look"] = lambda: unsubscribing.answer("GET", link.rpartition("/")[2])
    ways["unsubscribe, a form that is none"] = lambda: unsubscribing.answer(
        "POST", link.rpartition("/")[2], CANARY, CANARY.encode()
    )
    ways["unsubscribe, a token that is none"] = lambda: unsubscribing.answer("POST", CANARY, kind, form)
    ways["unsubscribe"] = lambda: unsubscribing.answer("POST", link.rpartition("/")[2], kind, form)
    return ways


def telemetry_ways(stack: ExitStack) -> Ways:
    """Return what an edge at work tells Prometheus, OpenTelemetry and its decision log."""
    from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415 - an extra
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - an extra

    from tactful_adapters import opentelemetry, prometheus  # noqa: PLC0415 - extras

    exporter, reader, registry = InMemoryLogRecordExporter(), InMemoryMetricReader(), CollectorRegistry()
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    metrics = opentelemetry.Metrics(MeterProvider([reader]))
    pages = prometheus.Metrics(registry)
    events = opentelemetry.Events(provider, context_key=b"k" * 32)
    edge = _edge(stack, telemetry=(events, metrics, pages))
    metrics.watch(edge)
    pages.watch(edge)

    def worked() -> object:
        edge.warm(CARD)
        for who in (WHO, CARD, {"card": CANARY}, None):
            decision = edge.decide("page", who, {"query": CANARY})
            edge.record(decision)
            edge.decide(CANARY, who)
            edge.decide("page", who, {CANARY: CANARY})
        edge.sync()
        return edge.status()

    def logged() -> object:
        store: Any = edge._store
        edge.close()
        rows = list(store.logged(0, 2**62))
        return len(rows), rows, [one.pack() for one in rows]

    return {
        "telemetry: decide": worked,
        "telemetry: Prometheus": lambda: generate_latest(registry),
        "telemetry: OpenTelemetry's events": lambda: [
            (one.log_record.event_name, one.log_record.body, dict(one.log_record.attributes or {}))
            for one in exporter.get_finished_logs()
        ],
        "telemetry: OpenTelemetry's metrics": lambda: reader.get_metrics_data() or "none",
        "telemetry: decision log": logged,
    }
