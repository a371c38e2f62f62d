"""What is left of a visit: a search through all objects that hold others, and through the kiosk's files."""

import gc
from pathlib import Path

from tests.kiosk.conftest import DEVICE_KEY, NOON_US, SHOP

import tactful
from tactful import Pack, ScreenVisit
from tactful.authoring import compile_files
from tactful.testing.clocks import FakeClock


def remains(backwards, folder=None):
    """
    Return how many objects, and files of a folder, hold one of some words.

    Args:
        backwards: The words as bytes, each written backwards, so that the search does not find itself.
        folder: Searched too, if one is given.
    """
    gc.collect()
    words = [word[::-1] for word in backwards]
    texts = [word.decode() for word in words]
    ours = {id(words), id(texts), *map(id, words), *map(id, texts)}
    found = 0
    for holder in gc.get_objects():
        if id(holder) in ours:
            continue
        for one in gc.get_referents(holder):
            if id(one) in ours:
                continue
            if isinstance(one, str):
                found += any(text in one for text in texts)
            elif isinstance(one, bytes | bytearray):
                found += any(word in one for word in words)
    files = [] if folder is None else [path for path in Path(folder).rglob("*") if path.is_file()]
    return found + sum(any(word in path.read_bytes() for word in words) for path in files)


def visited(path, public, folder, *, keep):
    """Have a visit, and return what was left of it meanwhile and afterwards; `keep` never lets go."""
    backwards = [b"adA", b"ada-drac"]  # Ada, card-ada
    policy = compile_files({"policy.yaml": SHOP.encode()})
    pack = Pack(path, DEVICE_KEY, key=public)
    store = f"sqlite:///{Path(folder) / 'kiosk.db'}"
    with tactful.open(policy, pack=pack, store=store, clock=FakeClock(NOON_US)) as edge:
        before = remains(backwards, folder)  # the library's own examples have such names
        visit = ScreenVisit(edge, {"card": "ada-drac"[::-1]})
        edge.record(visit.decide("screen"))
        during = remains(backwards, folder)
        if not keep:
            visit.end()
        after = remains(backwards, folder)
        visit.end()
    return during - before, after - before
