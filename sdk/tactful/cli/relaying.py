"""`tactful relay` and `tactful device`: a relay before a centre, and who may ask it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ..errors import UsageError
from .building import read_key
from .checking import Json
from .output import as_json, say, told

if TYPE_CHECKING:
    import uvicorn

_DEVICES: Final = Path("devices.json")
_PORTS: Final = 65_536
Devices = Annotated[Path, typer.Option(help="The file of the devices that may ask.")]


def relay(
    centre: Annotated[str, typer.Argument(metavar="CENTRE_URL", help="The URL of the centre.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The file of the private key that signs answers.", show_default=False)],
    devices: Devices = _DEVICES,
    tenant: Annotated[str, typer.Option(help="Whose centre it is.")] = "default",
    bundle: Annotated[Path | None, typer.Option(help="The file of a bundle, to be had here too.")] = None,
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
        served = _made(centre, read_key(key), devices, tenant, bundle, place(listen), tls)
    where = f"{'http' if tls is None else 'https'}://{listen}"
    if json:
        as_json({"relay": where, "tenant": tenant})
    else:
        say(f"relay for {tenant} on {where}; {where}/health/ready says whether it is ready")
    sys.stdout.flush()
    served.run()


def device(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The device's name.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write its token to.")] = None,
    devices: Devices = _DEVICES,
    remove: Annotated[bool, typer.Option("--remove", help="Let it in no more.")] = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Let a device ask the relay, and write its token to a file; of the token only a digest is kept.

    A device that is in already gets a new token, and the old one counts no more.

    Example: `tactful device kiosk-1 --devices devices.json --out kiosk-1.token`
    """
    from ..relay.devices import add_device, remove_device  # noqa: PLC0415 - slow to import
    from ..relay.swapping import write_swapped  # noqa: PLC0415 - slow to import

    with told(json_=json):
        if remove is (out is not None):
            raise UsageError("give --out, the file for its token, or --remove")
        if out is None:
            remove_device(devices, name)
        else:
            if not os.access(out.parent, os.W_OK):  # or the old token counted no more, and the new one was nowhere
                raise UsageError(f"{out}: its folder is not there, or cannot be written in")
            write_swapped(out, add_device(devices, name).encode() + b"\n", mode=0o600)
    if json:
        as_json({"device": name, "devices": str(devices), "token": None if out is None else str(out)})
    else:
        say(f"{name} may ask no more" if out is None else f"{name} may ask, with the token in {out}")


def place(listen: str) -> tuple[str, int]:
    """Return the host and the port of an option `--listen`."""
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) < _PORTS):
        raise UsageError("--listen is a host and a port, such as 127.0.0.1:8787")
    return host.strip("[]"), int(port)


def _made(
    centre: str,
    key: str,
    devices: Path,
    tenant: str,
    bundle: Path | None,
    place: tuple[str, int],
    tls: tuple[Path, Path] | None,
) -> "uvicorn.Server":
    from ..relay.devices import DevicesFile  # noqa: PLC0415 - an extra, and slow
    from ..relay.relaying import Relay  # noqa: PLC0415 - the same
    from ..relay.serving import server  # noqa: PLC0415 - the same
    from ..sync.joining import centres_of  # noqa: PLC0415 - the same

    known, centres = DevicesFile(devices), centres_of(centre)
    try:
        made = Relay(centres, tenant=tenant, private_key=key, devices=known, bundle=bundle)
        return server(made, host=place[0], port=place[1], tls=tls)
    except BaseException:
        for one in centres:
            one.close()
        raise
