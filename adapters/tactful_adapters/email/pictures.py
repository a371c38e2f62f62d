"""Pictures that travel in a mail: nothing is fetched when it is opened, so nobody learns that it was.

They stand in a template's folder `pictures`, and a page names one as `cid:strap.png`.
"""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import tactful

#: The subtype of each kind of picture, by the end of its file's name.
SUBTYPES: Final = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif"}
_NAMED: Final = re.compile(r"\bcid:([\w.-]+)")


def pictures_in(folder: Path) -> Mapping[str, bytes]:
    """Return the pictures of a folder by name; none if it is not there."""
    files = sorted(folder.iterdir()) if folder.is_dir() else ()
    return {path.name: path.read_bytes() for path in files if path.suffix.lower() in SUBTYPES}


def named_in(page: str, pictures: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """
    Return the pictures that a page names.

    Raises:
        UsageError: If there is none of a name.
    """
    names = list(dict.fromkeys(_NAMED.findall(page)))
    if missing := [name for name in names if name not in pictures]:
        raise tactful.UsageError(f"there is no picture {missing[0]!r} among: {', '.join(pictures) or 'none'}")
    return {name: pictures[name] for name in names}


def with_pictures(page: str, pictures: Mapping[str, bytes]) -> str:
    """Return a page for a browser, its pictures within."""

    def inline(match: re.Match[str]) -> str:
        raw = pictures.get(match[1])
        if raw is None:
            return match[0]
        subtype = SUBTYPES[Path(match[1]).suffix.lower()]
        return f"data:image/{subtype};base64,{base64.b64encode(raw).decode()}"

    return _NAMED.sub(inline, page)
