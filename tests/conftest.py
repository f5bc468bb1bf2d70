"""What every test can ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from security.principals import Principal

# Django is set up after this file is read, so what needs its models is imported inside the fixtures.


@pytest.fixture
def operator(db: None) -> Principal:
    """A person who runs plugins."""
    from security.selectors import user_principal
    from tests.factories import make_user

    return user_principal(make_user("olga", "operator"))


@pytest.fixture
def admin(db: None) -> Principal:
    """A person who may everything."""
    from security.selectors import user_principal
    from tests.factories import make_user

    return user_principal(make_user("ada", "admin"))


@pytest.fixture
def caller(db: None) -> Principal:
    """A program that talks to agents."""
    from security.selectors import key_principal
    from tests.factories import make_key

    return key_principal(make_key(role="developer")[0])


@pytest.fixture
def stranger() -> Principal:
    """Nobody known."""
    from security.principals import ANONYMOUS

    return ANONYMOUS


@pytest.fixture
def api(db: None) -> Callable[[str | None], APIClient]:
    """`api("operator")` is an HTTP client with a key of that role; `api(None)` is a stranger's."""
    from rest_framework.test import APIClient

    from tests.factories import make_key

    def client(role: str | None) -> APIClient:
        if role is None:
            return APIClient()
        return APIClient(headers={"Authorization": f"Bearer {make_key(role=role)[1]}"})

    return client
