"""`tactful decide` and `explain`: one decision from a folder or a bundle, for a persona or anyone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

import tactful

from ..errors import UsageError
from .checking import Json
from .opened import KeyOption, Source, StoreOption, opened
from .output import as_json, say, table, told
from .plugging import show, trace

if TYPE_CHECKING:
    from ..authoring import Persona

Places = Annotated[list[str], typer.Argument(help="The placement, or those of a page.", show_default=False)]
WhoOption = Annotated[list[str] | None, typer.Option("--who", help="An identifier of the customer, as card=4711.")]
PersonaOption = Annotated[str | None, typer.Option("--persona", help="One of the folder's personas.")]
ContextOption = Annotated[
    list[str] | None, typer.Option("--context", "-c", help="What is known of the moment, as page=home.")
]
AtOption = Annotated[str | None, typer.Option("--at", help="The moment, as '2026-12-02 10:00' (UTC).")]


@attrs.frozen
class _Question:
    """What is to be decided."""

    source: Path
    places: tuple[str, ...]
    who: Mapping[str, str]
    persona: str | None
    context: Mapping[str, str]
    at: str | None
    key: str | None
    store: str | None


def decide(  # noqa: PLR0913, PLR0917 - options
    source: Source,
    places: Places,
    who: WhoOption = None,
    persona: PersonaOption = None,
    context: ContextOption = None,
    at: AtOption = None,
    key: KeyOption = None,
    store: StoreOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Decide what to show, and say why in the customer's words. It leaves no trace.

    Example: `tactful decide policy home.hero --persona ann -c page=home`
    """
    with told(json_=json):
        question = _Question(
            source, tuple(places), pairs("--who", who), persona, pairs("--context", context), at, key, store
        )
        with _decided(question) as decision:
            if json:
                as_json(_told_of(decision))
                return
            _show(decision)
            say()
            say(decision.why())


def explain(  # noqa: PLR0913, PLR0917 - options
    source: Source,
    places: Places,
    who: WhoOption = None,
    persona: PersonaOption = None,
    context: ContextOption = None,
    at: AtOption = None,
    key: KeyOption = None,
    store: StoreOption = None,
    plugins: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--plugins", help="Tell what each guardrail kept away, and which distribution brings it.")
    ] = False,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Tell, for every offer that is not shown, each rule and limit that kept it away, and which triggers ask.

    Example: `tactful explain policy home.hero --persona bob`
    """
    from ..authoring.document_triggers import triggers_of  # noqa: PLC0415 - slow to import

    with told(json_=json):
        question = _Question(
            source, tuple(places), pairs("--who", who), persona, pairs("--context", context), at, key, store
        )
        with _decided(question) as decision:
            explanation = decision.explain()
            traced = trace(decision) if plugins else ()
            asked_by = triggers_of(decision.plan.policy, places)
            if json:
                losses = [attrs.asdict(loss) for loss in explanation.losses]
                hidden = [attrs.asdict(value) for value in explanation.hidden]
                told_of = {**_told_of(decision), "losses": losses, "hidden": hidden}
                told_of |= {"triggers": asked_by} if asked_by else {}
                told_of |= {"plugins": [attrs.asdict(one) for one in traced]} if plugins else {}
                as_json({**told_of, "long_term": dict(explanation.long_term)})
            elif plugins:
                show(traced)
            else:
                say(str(explanation))
                for name, told_by in asked_by.items():
                    say(f"trigger {name}: {told_by}")


@contextmanager
def _decided(question: _Question) -> Iterator[tactful.Decision]:
    from ..authoring import decide_for  # noqa: PLC0415 - slow to import

    clock = tactful.wall_clock if question.at is None else _standing(question.at)
    source, persona = _source(question)
    with opened(source, question.key, question.store, clock) as (edge, _):
        _check_places(question.places, edge)
        context = context_of(question.context, edge)
        if persona is not None:
            yield decide_for(edge, question.places, persona, context, clock())
            return
        if question.who:
            edge.warm(question.who)
        yield edge.decide(question.places, question.who or None, context, preview=True)


def _source(question: _Question) -> "tuple[Path | tactful.Policy, Persona | None]":
    """Return what to open, and the persona that is asked for; a folder is read once for both."""
    from ..authoring import load_suite  # noqa: PLC0415 - slow to import

    if question.persona is None:
        return question.source, None
    if question.who:
        raise UsageError("give --persona or --who, not both")
    if not question.source.is_dir():
        raise UsageError("a bundle has no personas; decide from the policy's folder")
    if question.key is not None:
        raise UsageError("a folder has no signature that --key could verify; leave it out")
    suite = load_suite(question.source)
    _exists("persona", question.persona, suite.personas)
    return suite.policy, suite.personas[question.persona]


def _exists(what: str, name: str, names: Mapping[str, object]) -> None:
    from ..names import hint_for  # noqa: PLC0415 - beside its only use

    if name not in names:
        hint = hint_for(name, names)
        raise UsageError(f"there is no {what} {name!r}{f'; {hint}' if hint else ''}")


def _check_places(places: tuple[str, ...], edge: tactful.Edge) -> None:
    for place in places:
        _exists("placement", place, edge.plan.placements)


def _show(decision: tactful.Decision) -> None:
    for careful in decision.careful:
        say(f"careful: {careful}", "yellow")
    rows = [
        (p.placement, p.content.get("title", p.offer), p.offer, p.tone.name, f"{p.worth:.3g}") for p in decision.picks
    ]
    if rows:
        table(("place", "title", "offer", "tone", "worth"), rows)
    else:
        shown = ", ".join(f"{name}: {text}" for name, text in decision.content.items())
        say(f"nothing is chosen; the fallback is shown ({shown or 'there is none'})")


def _told_of(decision: tactful.Decision) -> dict[str, object]:
    return {
        "picks": [{**attrs.asdict(p), "tone": p.tone.name, "basis": p.basis.name} for p in decision.picks],
        "content": dict(decision.content),
        "why": decision.why(),
        "careful": list(decision.careful),
        "limits": dict(decision.limits()),
    }


def pairs(option: str, written: list[str] | None) -> dict[str, str]:
    """
    Return what was written as name=value.

    Raises:
        UsageError: If something else was.
    """
    found = {}
    for text in written or ():
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(f"{option}: write name=value")  # what was written may be personal
        found[name] = value
    return found


def context_of(written: Mapping[str, str], edge: tactful.Edge) -> dict[str, object]:
    """
    Return the context's values by the types that the policy declares; a list is written with commas.

    Raises:
        UsageError: If a value does not fit, or has no name in the policy.
    """
    from ..authoring.source import Items, Log, Place, Scalar  # noqa: PLC0415 - slow to import
    from ..authoring.typed_values import COLUMN_TYPES, read_value  # noqa: PLC0415 - slow to import

    types = {attribute.name: attribute.type for attribute in edge.plan.slots.context}
    values: dict[str, object] = {}
    place = Place("--context")
    for name, text in written.items():
        _exists("context", name, types)
        parts = Items(tuple(Scalar(part, place) for part in text.split(",")), place)
        log = Log()
        values[name] = read_value(types[name], Scalar(text, place) if types[name] in COLUMN_TYPES else parts, log)
        for mistake in log.sorted():
            raise UsageError(f"--context {name}: {mistake.message.partition(', found')[0]}")
    return values


def _standing(at: str) -> tactful.Clock:
    from ..authoring.periods import MomentError, moment, zone_of  # noqa: PLC0415 - slow to import

    zone = zone_of("UTC")
    if zone is None:
        raise UsageError("there are no time zones here; pip install tzdata")
    try:
        at_us = moment(at, zone)
    except MomentError as error:
        raise UsageError(f"--at: {error}; {error.hint}") from None
    return lambda: at_us
