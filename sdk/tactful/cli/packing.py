"""`tactful pack`: a store's pack for one kiosk, made from a centre's store. It prints no customer."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..clock import SECOND_US, in_words, wall_clock
from ..errors import UsageError
from ..identity import USUAL_KINDS, IdentityRules
from .building import length_us, read_key
from .checking import Json
from .opened import Source, plan_of, policy_of
from .output import as_json, progress, say, told

if TYPE_CHECKING:
    from ..bundle import Header
    from ..kiosk.writing import Packed, PackTerms
    from ..plan.plan import Plan
    from ..ports import Store

#: The first of the parts, or the first and the last; of how many.
_SHARE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?/(\d{1,6})")
Centre = Annotated[
    str, typer.Option("--store", help="The URL of the store that knows the customers.", show_default=False)
]
Place = Annotated[
    list[str], typer.Option("--place", help="The placement of the kiosk's screen, or several.", show_default=False)
]
Where = Annotated[str, typer.Option("--for", help="The store, or other place, that it is for.", show_default=False)]
Device = Annotated[str, typer.Option("--device", help="The one device that it is for.", show_default=False)]
DeviceKey = Annotated[
    str, typer.Option(help="The device's key: file:PATH, env:NAME, keyring:SERVICE/NAME or command:….")
]
Key = Annotated[Path, typer.Option(help="The file of the private key that signs it.", show_default=False)]
Out = Annotated[Path, typer.Option("--out", "-o", help="The file to write.")]
Ids = Annotated[Path | None, typer.Option("--list", help="A file of customer ids, one a line; - is the input.")]
Segment = Annotated[str | None, typer.Option(help="Those of a segment of the policy.")]
All = Annotated[bool, typer.Option("--all", help="All customers of the store.")]
Share = Annotated[
    str, typer.Option(help="Its part of strict caps: 0/10 is the first of ten, 3-4/10 two of them; none if left out.")
]


def pack(  # noqa: PLR0913, PLR0917 - options
    source: Source,
    store: Centre,
    place: Place,
    where: Where,
    device: Device,
    key: Key,
    device_key: DeviceKey = "env:TACTFUL_DEVICE_KEY",
    ids: Ids = None,
    segment: Segment = None,
    everyone: All = False,  # noqa: FBT002 - a flag
    out: Out = Path("store.pack"),
    tenant: Annotated[str, typer.Option(help="Whose customers these are.")] = "default",
    epoch: Annotated[int | None, typer.Option(help="Greater than every earlier one; the time if left out.")] = None,
    expires: Annotated[str, typer.Option(help="For how long it may be used.")] = "7d",
    share: Share = "",
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Make the pack of a kiosk that has no network: chosen customers, and what its screens may know of them.

    Example: `tactful pack shop --store sqlite:///c.db --all --place screen --for berne --device k1 --key k.private`
    """
    from ..kiosk.device_key import device_key_of  # noqa: PLC0415 - slow to import
    from ..opening import store_of  # noqa: PLC0415 - slow to import

    with told(json_=json):
        private, secret = read_key(key), device_key_of(device_key, beside=out)
        now_us, (policy, header) = wall_clock(), policy_of(source)
        plan = plan_of(source)
        terms = _terms(header, tenant, where, device, epoch, now_us, length_us(expires), share)
        kept = store_of(store, make=False)
        try:
            chosen = _chosen(plan, kept, ids, segment, place, now_us, everyone=everyone)
            found = _write(out, plan, kept, chosen, place, terms, secret, private, quiet=json)
        finally:
            kept.close()
    if json:
        head = found.head
        named = {"file": str(out), "bytes": found.size_bytes, "customers": head.customers, "unknown": found.unknown}
        as_json({**named, "epoch": head.epoch, "attributes": head.attributes, "policy": policy.name})
    else:
        _show(out, found)


def _terms(
    header: "Header | None",
    tenant: str,
    where: str,
    device: str,
    epoch: int | None,
    now_us: int,
    length: int,
    share: str,
) -> "PackTerms":
    from ..kiosk.writing import PackTerms  # noqa: PLC0415 - slow to import

    return PackTerms(
        tenant=tenant if header is None else header.tenant,
        store=where,
        device=device,
        epoch=now_us // SECOND_US if epoch is None else epoch,
        issued_us=now_us,
        expires_us=now_us + length,
        policy_sha256="" if header is None else header.sha256,
        policy_epoch=0 if header is None else header.epoch,
        share=_share(share),
    )


def _share(written: str) -> tuple[int, int, int]:
    """Return the first part, how many there are, and of how many."""
    if not written:
        return 0, 0, 1
    found = _SHARE.fullmatch(written)
    first, last, of = (int(found[1]), int(found[2] or found[1]), int(found[3])) if found else (1, 0, 0)
    if not first <= last < of:
        raise UsageError(f"--share {written!r} is no share: write 0/10 for the first of ten parts, 3-4/10 for two")
    return first, last - first + 1, of


def _chosen(
    plan: "Plan",
    store: "Store",
    ids: Path | None,
    segment: str | None,
    place: list[str],
    now_us: int,
    *,
    everyone: bool,
) -> Iterator[str]:
    from ..kiosk import choosing  # noqa: PLC0415 - slow to import

    if (ids is not None) + (segment is not None) + everyone != 1:
        raise UsageError("who is in the pack? give one of --list, --segment and --all")
    if ids is not None:
        return _listed(ids)
    if everyone:
        return choosing.everyone(store)
    strange = [one for one in place if one not in plan.placements]
    if strange:
        raise UsageError(f"there is no placement {strange[0]!r}; the policy has {', '.join(plan.placements)}")
    return choosing.in_segment(plan, str(segment), place[0], store, now_us)


def _listed(path: Path) -> Iterator[str]:
    """Yield the ids of a file, one at a time."""
    try:
        with sys.stdin if str(path) == "-" else path.open(encoding="utf-8") as lines:
            yield from (line.strip() for line in lines if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or 'it is no text'}") from None


def _write(  # noqa: PLR0913 - what a pack is made of
    out: Path,
    plan: "Plan",
    store: "Store",
    chosen: Iterator[str],
    place: list[str],
    terms: "PackTerms",
    device_key: bytes,
    private_key: str,
    *,
    quiet: bool,
) -> "Packed":
    from ..kiosk.allowed import Allowed  # noqa: PLC0415 - slow to import
    from ..kiosk.writing import write_pack  # noqa: PLC0415 - slow to import

    with progress(quiet) as bars:
        task = bars.add_task("customers", total=None)
        return write_pack(
            out,
            source=store,
            customers=chosen,
            allowed=Allowed.of(plan, place),
            terms=terms,
            device_key=device_key,
            private_key=private_key,
            rules=IdentityRules(dict(plan.policy.identifiers) or USUAL_KINDS),
            contacts_since_us=terms.issued_us - plan.longest_window_us if plan.longest_window_us else None,
            progress=lambda done: bars.update(task, completed=done),
        )


def _show(out: Path, found: "Packed") -> None:
    head = found.head
    known = f"{head.customers:,} customer{'' if head.customers == 1 else 's'}"
    say(f"{out}: {known}, {found.size_bytes:,} bytes, epoch {head.epoch}", "green")
    say(f"for {head.device} in {head.store} of {head.tenant}, until {in_words(head.expires_us)}")
    say(f"of a customer it holds {', '.join(head.attributes) or 'no attribute'}, and consents")
    if not head.share_count:
        say("it has no part of strict caps: what they limit is not shown there", "yellow")
    if found.unknown:
        say(f"{found.unknown:,} {'id is' if found.unknown == 1 else 'ids are'} not known to the store", "yellow")
