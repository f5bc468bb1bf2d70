"""The house rules as code: what no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from agentx_site.management.commands.settings_reference import reference
from security.errors import PublicError

ROOT = Path(__file__).resolve().parents[2]
APPS = ("security", "registry", "plugins_app", "routing", "monitoring")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "_pb2" not in path.name and "__pycache__" not in path.parts:
                yield path


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def family(error: type[PublicError]) -> Iterator[type[PublicError]]:
    yield error
    for child in error.__subclasses__():
        yield from family(child)


def test_every_public_error_has_a_code_of_its_own():
    for app in APPS:
        assert (ROOT / app).is_dir()
    codes: dict[str, str] = {}
    for error in family(PublicError):
        if error.__module__.startswith("tests"):
            continue
        owner = codes.setdefault(error.code, error.__name__)
        assert owner == error.__name__, f"{error.code} is told by {owner} and {error.__name__}"


@pytest.mark.parametrize("app", APPS)
def test_migrations_import_no_code_of_ours(app):
    for path in sources(f"{app}/migrations"):
        ours = {name for name in imported(path) if name.split(".")[0] in APPS}
        # Custom field defaults and managers are referred to by Django itself.
        assert not {name for name in ours if name.split(".")[1] != "models"}, path


@pytest.mark.parametrize("app", APPS)
def test_every_migration_number_is_used_once(app):
    numbers = [path.name[:4] for path in sources(f"{app}/migrations") if path.name[0] == "0"]
    assert len(numbers) == len(set(numbers))


def test_signals_are_received_in_one_place():
    for path in sources(*APPS):
        if path.relative_to(ROOT).as_posix() == "monitoring/receivers.py":
            continue
        text = path.read_text()
        assert "@receiver" not in text, path
        assert not re.search(r"\b(changed|recorded|decided|written)\.connect\(", text), path


def test_every_constraint_has_a_test_that_breaks_it():
    told = "\n".join(path.read_text() for path in sources("tests"))
    missing = [
        constraint.name
        for model in apps.get_models()
        if model._meta.app_label in APPS
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint | models.UniqueConstraint)
        and constraint.name not in told
    ]
    assert not missing


def test_the_settings_page_is_fresh():
    assert (ROOT / "docs/reference/settings.md").read_text() == reference()


def test_imports_stand_at_the_top():
    """An import inside a function is a cycle speaking.

    Excepted: `ready`, and what must not be loaded where it is not needed (each with its reason beside it).
    """
    allowed = {"ready", "die_with_parent"}
    found = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in sources("agentx_site", *APPS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in allowed
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not found


def test_what_the_linter_must_not_say_has_a_reason():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources("agentx_site", "sdk", "plugins", *APPS)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"# noqa(: [A-Z0-9, ]+)?$", line) and "tests" not in path.parts
    ]
    assert not found


def test_plugins_and_sdk_do_not_know_the_core():
    ours = {*APPS, "agentx_site", "proto"}
    for path in sources("plugins", "sdk"):
        if "tests" in path.parts:
            continue
        assert not {name.split(".")[0] for name in imported(path)} & ours, path


def test_the_core_does_not_import_the_sdk():
    for path in sources("agentx_site", *APPS):
        assert not any(name.startswith("agentx_sdk") for name in imported(path)), path
