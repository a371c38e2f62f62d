"""The device key: 32 bytes that open one device's packs. It comes from anywhere but from beside the data.

Whoever carries the disk away must not carry the key away with it.
"""

import base64
import binascii
import os
import shlex
import subprocess
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from ..errors import PackError

KEY_BYTES: Final = 32
_FILE_MAX_BYTES: Final = 4096
_CHUNK_BYTES: Final = 1024 * 1024
_PATIENCE_S: Final = 10.0
_WAYS: Final = "file:PATH, env:NAME, keyring:SERVICE/NAME or command:PROGRAM ARGUMENTS"


@runtime_checkable
class DeviceKey(Protocol):
    """Where a device key is kept, such as a security chip or a service that is asked at the start."""

    def read(self) -> bytes:
        """Return the key's 32 bytes; what it raises refuses the pack."""
        ...


def make_device_key() -> str:
    """Return a new device key, as base64 text."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def device_key_of(source: DeviceKey | bytes | str | Path, *, beside: Path) -> bytes:
    """
    Return a device key.

    Args:
        source: The 32 bytes; a file of them in base64 (a path, or "file:PATH"); "env:NAME", "keyring:SERVICE/NAME" or
            "command:PROGRAM ARGUMENTS" for what gives them in base64; or an object that has `read`.
        beside: The pack; a file in its folder, or below it, is refused.

    Raises:
        PackError: If there is no key, it is none, or it lies beside the pack. The message never holds it.
    """
    if isinstance(source, bytes):
        return _checked(source)
    if isinstance(source, Path):
        return _text(_of_file(source, beside), f"{source} holds")
    if not isinstance(source, str):
        try:
            return _checked(source.read())
        except PackError:
            raise
        except Exception as error:  # noqa: BLE001 - a port may raise anything
            raise _refused(f"{type(source).__name__} gave none: {type(error).__name__}") from None
    way, colon, where = source.partition(":")
    if way not in _READERS or not colon or not where:
        raise _refused(f"give {_WAYS}")
    named = "the command prints" if way == "command" else f"{way}:{where} holds"  # a command's words may be secret
    return _text(_of_file(Path(where), beside) if way == "file" else _READERS[way](where), named)


def destroy_device_key(source: DeviceKey | bytes | str | Path) -> bool:
    """
    Destroy a device key where it is kept; return whether that could be done from here.

    A file is overwritten and removed, an entry of a keyring is removed, an object is asked to `destroy` if it can. An
    environment variable and what a command prints are others' to destroy. It never raises.

    Args:
        source: As for `device_key_of`.
    """
    try:
        if isinstance(source, Path) or (isinstance(source, str) and source.startswith("file:")):
            return overwritten(source if isinstance(source, Path) else Path(source.removeprefix("file:")))
        if isinstance(source, str) and source.startswith("keyring:"):
            service, _, name = source.removeprefix("keyring:").partition("/")
            _run(["keyring", "del", service, name])
            return True
        destroy = getattr(source, "destroy", None)
        if destroy is None:
            return False
        destroy()
    except Exception:  # noqa: BLE001 - a port may raise anything, and the rest must be destroyed all the same
        return False
    return True


def overwritten(path: Path) -> bool:
    """
    Overwrite a file with nothing of meaning, and remove it; return whether it is gone.

    A disk may keep what it had elsewhere: what is on it must be encrypted, as a pack is.
    """
    try:
        with path.open("r+b") as file:
            left = file.seek(0, os.SEEK_END)
            file.seek(0)
            while left > 0:
                file.write(os.urandom(min(left, _CHUNK_BYTES)))
                left -= _CHUNK_BYTES
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _of_file(path: Path, beside: Path) -> bytes:
    try:
        key, pack = path.resolve(strict=True), beside.resolve()
        if key == pack or key.is_relative_to(pack.parent):
            message = f"{path} lies beside the pack: whoever takes the disk has both; keep it elsewhere"
            raise PackError(message, code="pack-key-beside")
        with key.open("rb") as file:
            return file.read(_FILE_MAX_BYTES)
    except OSError as error:
        raise _refused(f"{path}: {error.strerror}") from None


def _of_variable(name: str) -> bytes:
    found = os.environ.get(name)
    if found is None:
        raise _refused(f"the environment variable {name} is not set")
    return found.encode("utf-8", "surrogateescape")


def _of_keyring(where: str) -> bytes:
    """Ask the program of the package keyring, which knows the keyrings of all systems: the edge imports no library."""
    service, _, name = where.partition("/")
    return _run(["keyring", "get", service, name])


def _of_command(command: str) -> bytes:
    try:
        words = shlex.split(command)
    except ValueError:
        raise _refused("the command cannot be read: a quote is not closed") from None
    return _run(words)


def _run(words: list[str]) -> bytes:
    try:
        done = subprocess.run(words, capture_output=True, check=True, timeout=_PATIENCE_S, stdin=subprocess.DEVNULL)  # noqa: S603 - the operator's own command, and no shell
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        raise _refused(f"the command did not give one: {type(error).__name__}") from None  # what it wrote may be a key
    return bytes(done.stdout)


_READERS: Final = {"file": lambda _: b"", "env": _of_variable, "keyring": _of_keyring, "command": _of_command}


def _text(raw: bytes, named: str) -> bytes:
    try:
        return _checked(base64.b64decode(raw.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise _refused(f"what {named} is not the base64 text of {KEY_BYTES} bytes") from None


def _checked(key: bytes) -> bytes:
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise _refused(f"it has {KEY_BYTES} bytes")
    return key


def _refused(why: str) -> PackError:
    return PackError(f"the device key: {why}", code="pack-key")
