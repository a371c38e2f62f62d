"""`tactful relay`: a relay before a centre, and a fleet of devices behind it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ..errors import UsageError
from .building import read_key
from .checking import Json
from .devices import DEVICES, Devices
from .files import write_file
from .output import as_json, say, told

if TYPE_CHECKING:
    import uvicorn

    from ..fleet.served import Fleet
    from ..relay.devices import DevicesFile
    from ..relay.relaying import Relay

_PORTS: Final = 65_536


def relay(  # noqa: PLR0913, PLR0917 - options
    centre: Annotated[str, typer.Argument(metavar="CENTRE_URL", help="The URL of the centre.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The file of the private key that signs answers.", show_default=False)],
    devices: Devices = DEVICES,
    tenant: Annotated[str, typer.Option(help="Whose centre it is.")] = "default",
    bundle: Annotated[Path | None, typer.Option(help="The file of a bundle, to be had here too.")] = None,
    fleet: Annotated[Path | None, typer.Option(help="The file of a fleet, whose bundles go out in rings.")] = None,
    packs: Annotated[Path | None, typer.Option(help="The folder of the fleet's packs, NAME.pack for each.")] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it listens.")] = "127.0.0.1:8787",
    tls: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="CERTIFICATE KEY", help="The files for HTTPS; else HTTP.")
    ] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Serve a centre over HTTP to edges that cannot reach it themselves: one port, signed answers, a token each.

    It runs until it is stopped. Edges open it by `relay+https://`, or `relay+http://` on this machine.

    Example: `tactful relay postgresql://edge@db:5432/shop --key relay.private --tenant shop`
    """
    with told(json_=json):
        if packs is not None and fleet is None:
            raise UsageError("--packs are those of a fleet's devices: give --fleet")
        if bundle is not None and fleet is not None:
            raise UsageError("with --fleet, bundles go out by `tactful rollout`: leave --bundle out")
        where_to = place(listen)
        served = _served(_relay(centre, read_key(key), devices, tenant, bundle, fleet, packs), where_to, tls)
    where = f"{'http' if tls is None else 'https'}://{listen}"
    if json:
        as_json({"relay": where, "tenant": tenant})
    else:
        say(f"relay for {tenant} on {where}; {where}/health/ready says whether it is ready")
    sys.stdout.flush()
    served.run()


def place(listen: str) -> tuple[str, int]:
    """Return the host and the port of an option `--listen`."""
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) < _PORTS):
        raise UsageError("--listen is a host and a port, such as 127.0.0.1:8787")
    return host.strip("[]"), int(port)


def _relay(
    centre: str, key: str, devices: Path, tenant: str, bundle: Path | None, fleet: Path | None, packs: Path | None
) -> "Relay":
    from ..fleet.routes import routes  # noqa: PLC0415 - an extra, and slow
    from ..relay.devices import DevicesFile  # noqa: PLC0415 - the same
    from ..relay.relaying import Relay  # noqa: PLC0415 - the same
    from ..sync.joining import centres_of  # noqa: PLC0415 - the same

    if fleet is not None and not devices.exists():
        write_file(devices, b'{"devices": []}\n')  # all that there will be enrol
    known = DevicesFile(devices)
    centres = centres_of(centre)
    kept = None
    try:
        kept = None if fleet is None else _fleet(fleet, known, packs)
        if kept is None:
            return Relay(centres, tenant=tenant, private_key=key, devices=known, bundle=bundle)
        of_fleet, opened = kept.rings, routes(kept)
        return Relay(
            centres,
            tenant=tenant,
            private_key=key,
            devices=known,
            bundle=of_fleet,
            opened=opened,
            asked=kept.asked,
            when_closed=kept.close,  # not after `run`: a signal that ends the server ends the process there
            tried=kept.tried,
        )
    except BaseException:
        for one in (*centres, *(() if kept is None else (kept,))):
            one.close()
        raise


def _fleet(path: Path, known: "DevicesFile", packs: Path | None) -> "Fleet":
    from ..fleet.fleet_file import FleetFile  # noqa: PLC0415 - slow to import
    from ..fleet.served import Fleet  # noqa: PLC0415 - slow to import

    if packs is not None and not packs.is_dir():
        raise UsageError(f"{packs}: this is no folder; make it, and put packs there")
    return Fleet(FleetFile(path), known, packs)


def _served(made: "Relay", place: tuple[str, int], tls: tuple[Path, Path] | None) -> "uvicorn.Server":
    from ..relay.serving import server  # noqa: PLC0415 - an extra, and slow

    try:
        return server(made, host=place[0], port=place[1], tls=tls)
    except BaseException:
        made.close()
        raise
