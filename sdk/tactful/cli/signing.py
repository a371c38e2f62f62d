"""`tactful sign`: one signature more on a bundle, by another key. It changes nothing that the bundle says."""

from pathlib import Path
from typing import Annotated

import typer

from ..clock import in_words
from .building import read_key
from .checking import Json
from .files import read_file, write_file
from .output import as_json, say, told

Out = Annotated[Path | None, typer.Option("--out", "-o", help="The file to write; the same one if left out.")]


def sign(
    file: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle's file.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The file of the private key that signs too.", show_default=False)],
    out: Out = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Add a signature to a bundle, and tell what was signed.

    Read it before: `tactful diff` and `tactful policy` take bundles.

    Example: `tactful sign shop.bundle --key legal.private`
    """
    from .. import bundle  # noqa: PLC0415 - slow to import

    with told(json_=json):
        signed = bundle.add_signature(read_file(file), private_key=read_key(key))
        found = bundle.read_unsigned(signed)
        signers = bundle.signers(signed)
        write_file(out or file, signed)
    header, wanted = found.header, found.policy.values.signatures
    if json:
        terms = {"tenant": header.tenant, "epoch": header.epoch, "policy": found.policy.name, "sha256": header.sha256}
        as_json({"file": str(out or file), **terms, "signed_by": signers, "signatures_demanded": wanted})
        return
    say(f"{out or file}: {found.policy.name}, epoch {header.epoch} of {header.tenant}", "green")
    say(f"the policy's digest is {header.sha256}; it may be used until {in_words(header.expires_us)}")
    say(f"signed by {', '.join(signers)}; whether the other signatures fit was not verified here")
    if len(signers) < wanted:
        say(f"the policy demands {wanted} signatures", "yellow")
