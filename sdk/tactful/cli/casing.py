"""`tactful case`: all that there is to tell of one decision, for a customer who complains or a regulator who asks."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import attrs
import typer

import tactful

from ..errors import StoreError, UsageError
from ..installed import store_of
from ..log_ports import DecisionLog, EvidenceRows
from ..replaying import is_of
from ..sealing import EvidenceReader, EvidenceSeal, evidence_key
from .checking import Json
from .files import write_file
from .opened import Source, plan_of
from .output import as_json, markdown, say, told
from .replaying import KeyFile, Reader, Reason, StoreUrl

if TYPE_CHECKING:
    from ..evidence import Evidence
    from .dossier import Dossier, Known

_EVER_US: Final = 2**62


def case(
    decision: Annotated[str, typer.Argument(help="The decision's id.", show_default=False)],
    source: Source,
    store: StoreUrl,
    key: KeyFile,
    reason: Reason,
    reader: Reader = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as one HTML page, to read or to print.")] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Print the dossier of one decision: what was shown, why, under which policy and consents, what lost, what is gone.

    Example: `tactful case 1f0c9a policy --store sqlite:///edge.db --evidence-key evidence.key --reason "complaint 7"`
    """
    from .dossier import dossier  # noqa: PLC0415 - slow to import

    with told(json_=json):
        found = dossier(_known(decision, source, store, key, (reader or getpass.getuser(), reason)), _registry())
        text = _as_markdown(found)
        if html is not None:
            from .page import as_html  # noqa: PLC0415 - slow to import

            write_file(html, as_html(text).encode())
    if json:
        as_json(attrs.asdict(found))
    elif html is None:
        markdown(text)
    else:
        say(f"{html}: open it in a browser, or print it", "green")


def _registry() -> tactful.Registry:
    return tactful.Registry.installed()


def _known(id_: str, source: Path, url: str, key: Path, who: tuple[str, str]) -> "Known":
    from ..engine.again import decide_again  # noqa: PLC0415 - beside its only use
    from ..engine.token import Seal  # noqa: PLC0415 - likewise
    from .dossier import Known  # noqa: PLC0415 - slow to import

    plan, seal = plan_of(source), EvidenceSeal(evidence_key(key))
    kept = store_of(url, make=False)
    try:
        if not (isinstance(kept, DecisionLog) and isinstance(kept, EvidenceRows)):
            raise UsageError(f"{type(kept).__name__} keeps no decision log")
        record = kept.logged_decision(id_)
        if record is None:
            raise UsageError(f"no decision {id_[:80]!r} is in the log: it never was, or was forgotten or dropped since")
        reading = EvidenceReader(kept, seal, reader=who[0], reason=who[1], clock=tactful.wall_clock)
        evidence, damaged = _read(reading, id_)
        accesses = [one for one in kept.accesses(-_EVER_US, _EVER_US) if one.decision == id_]
        if evidence is not None and evidence.at_us != record.at_us:
            evidence = None
        same = is_of(record, plan)
        again = None if evidence is None or not same else decide_again(plan, evidence, Seal(kept))
        passed = kept.disclosures_of(id_, tactful.wall_clock())
        return Known(record, plan, same, evidence, again, accesses, damaged, passed)
    finally:
        kept.close()


def _read(reading: EvidenceReader, id_: str) -> "tuple[Evidence | None, bool]":
    """Return the evidence of a decision, and whether it is there and cannot be read."""
    try:
        return reading.read(id_), False
    except StoreError as error:
        if error.code != "evidence-damaged":
            raise
        return None, True


def _as_markdown(found: "Dossier") -> str:
    from ..authoring.as_markdown import ATTENTION, lines_of, plain  # noqa: PLC0415 - slow to import

    parts = [f"# {plain(found.title)}"]
    if found.gone:
        parts += [f"## {ATTENTION}", "\n".join(f"- **{plain(line)}**" for line in found.gone)]
    for section in found.sections:
        parts += [f"## {plain(section.title)}", *([plain(section.about)] if section.about else [])]
        if section.rows:
            parts.append("\n".join(lines_of(section)))
    return "\n\n".join(parts) + "\n"
