"""What is shipped is three packages and the demo's policy; no test, no tool, no folder of the checkout."""

import zipfile

import pytest
from hatchling.builders.wheel import WheelBuilder


@pytest.fixture(scope="module", params=["standard", "editable"])
def wheel(request, root, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    built = next(WheelBuilder(str(root)).build(directory=str(folder), versions=[request.param]))
    with zipfile.ZipFile(built) as archive:
        yield request.param, {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}


def test_the_wheel_holds_the_packages_and_nothing_beside_them(wheel, root):
    kind, files = wheel
    packages = {name.partition("/")[0] for name in files if ".dist-info" not in name}
    if kind == "editable":
        assert packages == {"_tactful.pth"}
        paths = files["_tactful.pth"].split()
        assert sorted(paths) == [str(root / folder) for folder in ("adapters", "plugins", "sdk")]
    else:
        assert packages == {"tactful", "tactful_plugins", "tactful_adapters", "tactful_examples"}
        assert {f"{package}/py.typed" for package in packages if package != "tactful_examples"} <= set(files)
        assert any(name.startswith("tactful_examples/grocery/") for name in files)


def test_every_entry_point_leads_somewhere(wheel, root):
    _, files = wheel
    points = next(text for name, text in files.items() if name.endswith("/entry_points.txt"))
    modules = {line.partition("=")[2].partition(":")[0].strip() for line in points.splitlines() if "=" in line}
    assert "tactful.cli" in modules
    for module in modules:
        path = module.replace(".", "/")
        places = [root / folder / path for folder in ("sdk", "plugins", "adapters")]
        assert any(place.with_suffix(".py").exists() or (place / "__init__.py").exists() for place in places), module
