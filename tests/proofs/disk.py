"""A disk whose power can be cut: what SQLite writes and syncs is written down, and any moment of it can be made again.

SQLite does all it does to files through its VFS. A few functions of the one that is there are replaced by others that
write down what happens and then do it. From what was written down, `after_cut` makes the files that a power cut could
have left: all that was synced, and of the rest any part, in any order, torn anywhere.
"""

import _sqlite3
import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

_Int64 = ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, _Int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, _Int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _Vfs(ctypes.Structure):
    """The beginning of SQLite's `sqlite3_vfs`."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        ("xOpen", ctypes.c_void_p),
        ("xDelete", ctypes.c_void_p),
    ]


class _Methods(ctypes.Structure):
    """SQLite's `sqlite3_io_methods`, version 3."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("xClose", ctypes.c_void_p),
        ("xRead", ctypes.c_void_p),
        ("xWrite", ctypes.c_void_p),
        ("xTruncate", ctypes.c_void_p),
        ("xSync", ctypes.c_void_p),
        ("more", ctypes.c_void_p * 13),
    ]


class Recorder:
    """
    What happened to files, in order: ("write", file, offset, bytes), ("truncate", file, size), ("sync", file),
    ("delete", file), and ("said", what) for what somebody was told by then.
    """

    def __init__(self) -> None:
        self.happened: list[tuple] = []
        self._files: dict[int, str] = {}
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}
        self._keep: list[object] = []

    def said(self, what: object) -> None:
        """Write down what somebody was told."""
        self.happened.append(("said", what))

    def opened(self, file: int, name: str) -> None:
        """Have a file that SQLite has opened tell what happens to it."""
        pointer = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
        original = pointer[0]
        if not original or original in {ctypes.addressof(ours) for _, ours in self._methods.values()}:
            return
        if original not in self._methods:
            self._methods[original] = self._wrapped(ctypes.cast(original, ctypes.POINTER(_Methods)).contents)
        self._files[file] = name
        pointer[0] = ctypes.addressof(self._methods[original][1])

    def _wrapped(self, methods: _Methods) -> tuple[_Methods, _Methods]:
        ours = _Methods.from_buffer_copy(methods)
        write, truncate, sync = _WRITE(methods.xWrite), _TRUNCATE(methods.xTruncate), _SYNC(methods.xSync)

        def writes(file: int, data: int, count: int, offset: int) -> int:
            self.happened.append(("write", self._files[file], offset, ctypes.string_at(data, count)))
            return write(file, data, count, offset)

        def truncates(file: int, size: int) -> int:
            self.happened.append(("truncate", self._files[file], size))
            return truncate(file, size)

        def syncs(file: int, flags: int) -> int:
            done = sync(file, flags)
            self.happened.append(("sync", self._files[file]))
            return done

        calls = _WRITE(writes), _TRUNCATE(truncates), _SYNC(syncs)
        self._keep += [*calls, write, truncate, sync]
        ours.xWrite, ours.xTruncate, ours.xSync = (ctypes.cast(one, ctypes.c_void_p).value for one in calls)
        return methods, ours


def is_there() -> bool:
    """Whether Python's SQLite can be reached: where it is built in, it cannot."""
    return hasattr(ctypes.CDLL(_sqlite3.__file__), "sqlite3_vfs_find")


@contextmanager
def recorded() -> Iterator[Recorder]:
    """Have all files that SQLite opens within tell what happens to them."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = library.sqlite3_vfs_find(None).contents
    recorder, before = Recorder(), (vfs.xOpen, vfs.xDelete)
    open_, delete = _OPEN(before[0]), _DELETE(before[1])

    def opens(vfs_: int, name: int | None, file: int, flags: int, out: object) -> int:
        done = open_(vfs_, name, file, flags, out)  # SQLite keeps the pointer to the name: it must be its own
        if done == 0 and name:
            recorder.opened(file, Path(ctypes.string_at(name).decode()).name)
        return done

    def deletes(vfs_: int, name: bytes, directory: int) -> int:
        recorder.happened.append(("delete", Path(name.decode()).name))
        return delete(vfs_, name, directory)

    ours = _OPEN(opens), _DELETE(deletes)
    vfs.xOpen, vfs.xDelete = (ctypes.cast(one, ctypes.c_void_p).value for one in ours)
    try:
        yield recorder
    finally:
        vfs.xOpen, vfs.xDelete = before
        recorder._keep += [*ours, open_, delete]  # whatever is still open calls them


def after_cut(happened: Sequence[tuple], chance: Random) -> Mapping[str, bytes]:
    """
    Return the files that a power cut right after what happened could have left.

    What was synced is there. Of what was not, each write is there, lost, or torn in the middle, in any order.
    """
    durable: dict[str, bytearray] = {}
    waiting: dict[str, list[tuple]] = {}
    for what, *more in happened:
        if what == "said":
            continue
        name = more[0]
        if what == "delete":
            durable.pop(name, None)
            waiting.pop(name, None)
        elif what == "sync":
            for one in waiting.pop(name, ()):
                _do(durable.setdefault(name, bytearray()), one)
        else:
            waiting.setdefault(name, []).append((what, *more[1:]))
    for name, left in waiting.items():
        kept = [one for one in left if chance.random() < 0.5]
        if chance.random() < 0.5:
            chance.shuffle(kept)
        for one in kept:
            _do(durable.setdefault(name, bytearray()), _torn(one, chance))
    return {name: bytes(content) for name, content in durable.items()}


def _torn(one: tuple, chance: Random) -> tuple:
    if one[0] != "write" or chance.random() < 0.7:
        return one
    _, offset, data = one
    cut = chance.randrange(len(data) + 1)
    return ("write", offset, data[:cut]) if chance.random() < 0.5 else ("write", offset + cut, data[cut:])


def _do(content: bytearray, one: tuple) -> None:
    match one:
        case ("write", offset, data):
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        case ("truncate", size):
            del content[size:]
            content.extend(bytes(size - len(content)))
