"""The shape of the code, read from its source: who may import whom, and how long things may be."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "returns_ops"
LAYERS = ["dashboard", "narvar", "returns", "messaging", "accounts"]  # each imports to its right

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
NAMELESS = {"services", "service", "utils", "util", "helpers", "helper", "common", "misc", "core"}

# Starts everything on one machine: the development stack and the demo, never production.
STACK = ["embedded", "run", "minder", "demo"]

# Rules without a framework: facts in, verdict out.
PURE = [
    "policy",
    "snapshot",
    "orders",
    "ordering",
    "guessing",
    "receipts",
    "refunds",
    "code128",
    "causes",
    "fingerprint",
    "working_hours",
    "case_actions",
    "customer_text",
    "masking",
]


def sources(folder: Path) -> list[Path]:
    """Source files; what Django generates is not ours to shape."""
    return [file for file in sorted(folder.rglob("*.py")) if "migrations" not in file.parts]


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(file: Path, tree: ast.AST | None = None) -> Iterator[str]:
    """Every module a file imports, wherever the import stands: at the top or in a function."""
    for node in ast.walk(tree or ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(file, node)
            yield base
            yield from (f"{base}.{name.name}" for name in node.names)


def _absolute(file: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = list(file.relative_to(ROOT).parent.parts)
    above = package[: len(package) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def pure_files() -> list[Path]:
    rules = [PACKAGE / "returns" / f"{name}.py" for name in PURE]
    return [*rules, *sources(PACKAGE / "narvar" / "wire")]


def label(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_down(layer: str) -> None:
    above = LAYERS[: LAYERS.index(layer)]
    files = sources(PACKAGE / layer)

    found = [
        f"{label(file)} imports {module}"
        for file in files
        for module in imported(file)
        if any(inside(module, f"returns_ops.{other}") for other in above)
    ]

    assert files
    assert found == []


def test_every_package_has_its_place() -> None:
    packages = {file.parent.name for file in PACKAGE.glob("*/__init__.py")}

    assert packages - {"embedded"} == set(LAYERS)


def test_layers_import_nothing_that_stands_above_them_all() -> None:
    """Settings come through Django; only what starts a process knows all the rest."""
    found = [
        f"{label(file)} imports {module}"
        for layer in LAYERS
        for file in sources(PACKAGE / layer)
        for module in imported(file)
        if any(inside(module, f"returns_ops.{name}") for name in ["settings", "urls", *STACK])
    ]

    assert found == []


@pytest.mark.parametrize("file", pure_files(), ids=label)
def test_rules_and_wire_know_no_django(file: Path) -> None:
    outside = {"django", "celery", "requests", "psycopg", "redis"}

    found = {module.split(".")[0] for module in imported(file)} & outside

    assert found == set()


@pytest.mark.parametrize("file", pure_files(), ids=label)
def test_rules_and_wire_touch_no_table(file: Path) -> None:
    ours = {module for module in imported(file) if inside(module, "returns_ops")}

    assert not [module for module in ours if ".models" in module or ".transitions" in module]


def test_states_know_django_only_for_their_choices() -> None:
    known = set(imported(PACKAGE / "returns" / "states.py"))

    assert {module for module in known if inside(module, "django")} == {
        "django.db",
        "django.db.models",
    }
    assert not [module for module in known if inside(module, "returns_ops")]


def test_wire_is_known_to_narvar_alone() -> None:
    found = [
        f"{label(file)} imports {module}"
        for file in sources(PACKAGE)
        if not inside(name_of(file), "returns_ops.narvar")
        for module in imported(file)
        if inside(module, "returns_ops.narvar.wire")
    ]

    assert found == []


def test_http_is_spoken_in_one_place() -> None:
    speakers = {
        name_of(file)
        for file in sources(PACKAGE)
        if any(inside(module, "requests") for module in imported(file))
    }

    assert speakers == {"returns_ops.narvar.client"}


def test_the_simulator_knows_nothing_of_ours() -> None:
    """It is Narvar seen from outside: a field misread here must not be misread there too."""
    own = "tests.narvar_simulator"
    files = sources(ROOT / "tests" / "narvar_simulator")

    strange = [
        f"{label(file)} imports {module}"
        for file in files
        for module in imported(file)
        if module.split(".")[0] not in sys.stdlib_module_names
        and module != "tests"
        and not inside(module, own)
    ]

    assert files
    assert strange == []


def test_only_the_development_branch_of_the_settings_knows_the_embedded_servers() -> None:
    stack = tuple(f"returns_ops.{name}" for name in STACK)
    knowing = {
        name_of(file)
        for file in sources(PACKAGE)
        if not any(inside(name_of(file), part) for part in stack)
        and any(inside(module, part) for module in imported(file) for part in stack)
    }
    assert knowing == {"returns_ops.settings"}

    file = PACKAGE / "settings.py"
    otherwise = [
        rest
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "PRODUCTION"
        for rest in node.orelse
    ]
    in_development = [module for node in otherwise for module in imported(file, node)]
    everywhere = [module for module in imported(file) if inside(module, "returns_ops.embedded")]
    assert everywhere == [m for m in in_development if inside(m, "returns_ops.embedded")]


@pytest.mark.parametrize("file", sources(PACKAGE), ids=label)
def test_a_file_fits_in_a_reading(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("file", sources(PACKAGE), ids=label)
def test_a_function_fits_on_a_screen(file: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    long = {
        node.name: length
        for node in functions
        if (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }

    assert long == {}


def test_a_module_is_named_by_what_it_is() -> None:
    named = [label(file) for file in sources(PACKAGE) if NAMELESS & {file.stem, file.parent.name}]

    assert named == []


def test_there_are_no_signals_and_no_saves_of_our_own() -> None:
    """What a save does stands where it is called."""
    found = []
    for file in sources(PACKAGE):
        tree = ast.parse(file.read_text())
        if "django.dispatch.receiver" in set(imported(file, tree)):
            found.append(f"{label(file)} receives a signal")
        models = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(ast.unparse(base) == "models.Model" for base in node.bases)
        ]
        for model in models:
            methods = {part.name for part in model.body if isinstance(part, ast.FunctionDef)}
            found += [f"{model.name}.{name}" for name in methods & {"save", "delete"}]

    assert found == []
