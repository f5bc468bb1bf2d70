"""The OpenAPI description: whole, checked in, and shown without a request to any other host."""

import re
from pathlib import Path

import pytest
import yaml
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

SNAPSHOT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.yaml"
VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def described() -> dict:
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(request=None, public=True)


def test_it_is_valid_and_nothing_was_left_to_guessing(described: dict) -> None:
    validate_schema(described)
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache
    assert described["openapi"].startswith("3.1")


def test_it_is_what_is_checked_in(described: dict) -> None:
    """After a change on purpose: `python manage.py spectacular --file docs/reference/openapi.yaml`."""
    assert SNAPSHOT.read_text() == OpenApiYamlRenderer().render(described).decode()


def test_every_operation_tells_how_it_refuses(described: dict) -> None:
    for path, operations in described["paths"].items():
        for verb in VERBS & operations.keys():
            answers = operations[verb]["responses"]
            assert "401" in answers, (verb, path)
            assert any(code.startswith("2") for code in answers), (verb, path)
            assert operations[verb].get("description"), (verb, path)


def test_every_operation_has_a_name_of_its_own(described: dict) -> None:
    names = [
        operations[verb]["operationId"]
        for operations in described["paths"].values()
        for verb in VERBS & operations.keys()
    ]
    assert len(names) == len(set(names))


def test_the_seed_document_is_answered(described: dict) -> None:
    assert {
        "/api/v1/agents/register",
        "/api/v1/agents/discover",
        "/api/v1/agents/{ref}/status",
        "/api/v1/messages/history",
        "/api/v1/messages/send",
        "/api/v1/plugins",
        "/api/v1/plugins/load",
        "/api/v1/plugins/{ref}",
    } <= described["paths"].keys()


@pytest.mark.django_db
def test_the_docs_page_asks_no_other_host() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    assert "swagger" in page
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert all(link.startswith("/") for link in links)
    served = Client().get("/api/v1/schema/")
    assert yaml.safe_load(served.content)["info"]["title"] == "AgentX"


def test_every_operation_says_what_it_does_beside_its_path() -> None:
    paths = yaml.safe_load(SNAPSHOT.read_text())["paths"]
    told = [one.get("summary") for operations in paths.values() for one in operations.values()]
    assert all(told)
    assert max(map(len, told)) < 100
