"""`tactful device` and `tactful enrol`: who may ask the relay, by which code it comes in, and how it is put out."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from ..clock import in_words, wall_clock
from ..errors import UsageError
from .building import length_us
from .checking import Json
from .output import as_json, say, told

DEVICES: Final = Path("devices.json")
FLEET: Final = Path("fleet.db")
Devices = Annotated[Path, typer.Option(help="The file of the devices that may ask.")]
Fleet = Annotated[Path, typer.Option(help="The fleet's file: codes, reports, what was rolled out.")]
_Out = Annotated[Path | None, typer.Option("--out", "-o", help="The file to write its token to.")]
_Code = Annotated[bool, typer.Option("--code", help="Make a one-time code that it enrols with.")]
_Key = Annotated[
    str | None, typer.Option(help="The key of its packs, to be sealed with the code: file:PATH, env:NAME, ….")
]
_Ring = Annotated[str | None, typer.Option(help="The ring that it gets bundles with: canary, early or all.")]
_Told = tuple[dict[str, object], tuple[str, ...]]


def device(  # noqa: PLR0913, PLR0917 - options
    name: Annotated[str, typer.Argument(metavar="NAME", help="The device's name.", show_default=False)],
    out: _Out = None,
    devices: Devices = DEVICES,
    code: _Code = False,  # noqa: FBT002 - a flag
    where: Annotated[str, typer.Option("--for", help="The store that it stands in; for --code.")] = "",
    expires: Annotated[str, typer.Option(help="For how long the code may be used.")] = "24h",
    device_key: _Key = None,
    ring: _Ring = None,
    kill: Annotated[bool, typer.Option("--kill", help="Have it destroy its key and its pack.")] = False,  # noqa: FBT002 - a flag
    remove: Annotated[bool, typer.Option("--remove", help="Let it in no more.")] = False,  # noqa: FBT002 - a flag
    fleet: Fleet = FLEET,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Let a device ask the relay: by a token in a file, of which only a digest is kept, or by a one-time code.

    A device that is in already gets a new token, and the old one counts no more.

    Example: `tactful device kiosk-1 --devices devices.json --out kiosk-1.token`
    """
    wanted = (out is not None) + code + kill + remove
    with told(json_=json):
        if wanted > 1 or not (wanted or ring):
            raise UsageError("give --out, the file for its token, or --code, or --kill, or --remove, or --ring alone")
        if (where or device_key) and not code:
            raise UsageError("--for and --device-key go with --code")
        if code:
            found, said = _code(name, where, ring, expires, device_key, devices, fleet)
        else:
            found, said = _changed(name, out, ring, devices, kill=kill, remove=remove)
    if json:
        as_json({"device": name, "devices": str(devices), "token": None if out is None else str(out), **found})
    else:
        for line in said:
            say(line)


def enrol(
    relay: Annotated[str, typer.Argument(metavar="RELAY_URL", help="The URL of the relay.", show_default=False)],
    where: Annotated[str, typer.Option("--for", help="The store that this device stands in.", show_default=False)],
    code: Annotated[str, typer.Option(help="The one-time code; asked for if left out.", prompt="The code")],
    key_out: Annotated[Path | None, typer.Option(help="The file to write the key of its packs to.")] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Enrol this device with a one-time code: then its token is in the file that the URL names.

    Example: `tactful enrol "relay+https://relay.example/?tenant=shop&key=relay.public&token=kiosk.token" --for berne`
    """
    from ..fleet.enrolling import enrol as enrolled  # noqa: PLC0415 - an extra, and slow
    from ..fleet.enrolling import keep_device_key  # noqa: PLC0415 - the same

    with told(json_=json):
        if key_out is not None and (key_out.exists() or not os.access(key_out.parent, os.W_OK)):
            raise UsageError(f"{key_out}: it is there already, or its folder cannot be written in")
        found = enrolled(relay, code, where)
        if found.device_key is not None and key_out is not None:
            keep_device_key(key_out, found.device_key)
    key = None if found.device_key is None else key_out
    if json:
        terms = {"device": found.device, "store": found.store, "ring": found.ring}
        as_json({**terms, "device_key": None if key is None else str(key)})
        return
    say(f"this is {found.device} in {found.store} now, in ring {found.ring}", "green")
    if key is not None:
        say(f"the key of its packs is in {key}")
    elif found.device_key is not None:
        say("a key of its packs came and was not kept: have a new code made, and give --key-out", "yellow")


def _changed(name: str, out: Path | None, ring: str | None, devices: Path, *, kill: bool, remove: bool) -> _Told:
    from ..relay import devices as known  # noqa: PLC0415 - slow to import
    from ..relay.swapping import write_swapped  # noqa: PLC0415 - slow to import

    if out is not None:
        if not os.access(out.parent, os.W_OK):  # or the old token counted no more, and the new one was nowhere
            raise UsageError(f"{out}: its folder is not there, or cannot be written in")
        write_swapped(out, known.add_device(devices, name, ring=ring).encode() + b"\n", mode=0o600)
        return {}, (f"{name} may ask, with the token in {out}",)
    change: Callable[[Path, str], None] = known.kill_device if kill else known.remove_device
    if kill or remove:
        change(devices, name)
        if remove:
            return {}, (f"{name} may ask no more",)
        said = f"{name} destroys its key and its pack when it reports the next time; `tactful fleet` tells when it has"
        return {"killed": True}, (said, "one that is kept from reporting knows its customers until its pack expires")
    known.put_in_ring(devices, name, str(ring))
    return {"ring": ring}, (f"{name} gets bundles with ring {ring}",)


def _code(
    name: str, where: str, ring: str | None, expires: str, device_key: str | None, devices: Path, fleet: Path
) -> _Told:
    from ..fleet.enrolment import make_enrolment  # noqa: PLC0415 - slow to import
    from ..fleet.fleet_file import FleetFile  # noqa: PLC0415 - slow to import
    from ..kiosk.device_key import device_key_of  # noqa: PLC0415 - slow to import
    from ..relay.devices import Device, device_named  # noqa: PLC0415 - slow to import

    if not where:
        raise UsageError("--for names the store that the device stands in; the code is for that store alone")
    key = None if device_key is None else device_key_of(device_key, beside=fleet)
    before = device_named(devices, name)
    made = Device(name, ring=ring or ("all" if before is None else before.ring), store=where)
    now_us, life_us = wall_clock(), length_us(expires)
    with closing(FleetFile(fleet)) as file:
        code = make_enrolment(file, made, now_us=now_us, life_us=life_us, device_key=key)
    until = in_words(now_us + life_us)
    said = (code, f"for {name} in {where}, in ring {made.ring}, once, until {until}; it is kept nowhere")
    return {"code": code, "store": where, "ring": made.ring, "until": until}, said
