"""`tactful serve`: decisions over HTTP, for apps and screens that are not Python."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import tactful

from .checking import Json
from .opened import KeyOption, Source, StoreOption, pinned
from .output import as_json, say, told
from .relaying import place


def serve(  # noqa: PLR0913, PLR0917 - options
    source: Source,
    key: KeyOption = None,
    store: StoreOption = None,
    centre: Annotated[str | None, typer.Option(help="The URL of a centre to follow.")] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it listens.")] = "127.0.0.1:8788",
    devices: Annotated[
        Path | None, typer.Option(help="The file of those who have a token; elsewhere than on this machine a must.")
    ] = None,
    name: Annotated[list[str] | None, typer.Option(help="A further name by which it is called.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="A page that may ask from a browser.")] = None,
    tls: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="CERTIFICATE KEY", help="The files for HTTPS; else HTTP.")
    ] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Decide over HTTP for apps and screens that are not Python: JSON in, JSON out, on this machine alone unless told.

    It runs until it is stopped. `/openapi.json` describes it. A bundle needs its key. When the bundle or the folder
    changes, it is taken anew; what is refused leaves the last good one.

    Example: `tactful serve policy --store sqlite:///edge.db`
    """
    with told(json_=json):
        from ..serve.renewing import renewing, state_of  # noqa: PLC0415 - an extra, and slow
        from ..serve.serving import guard_of, server  # noqa: PLC0415 - as above

        host, port = place(listen)
        guard = guard_of(host, devices, name or (), origin or ())
        before = state_of(source)
        with tactful.open(source, key=pinned(key), store=store, centre=centre) as edge:
            served = server(edge, guard, host=host, port=port, tls=tls)
            where = f"{'http' if tls is None else 'https'}://{listen}"
            if json:
                as_json({"serve": where, "policy": edge.plan.policy.name})
            else:
                say(f"{edge.plan.policy.name} on {where}; {where}/openapi.json says how to ask")
            sys.stdout.flush()
            with renewing(edge, source, before):
                served.run()
