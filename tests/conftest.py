"""What every test can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from security.principals import Principal
    from tests.callers import Api

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
def api(db: None) -> Api:
    """`api("operator")` is an HTTP client with a key of that role; `api(None)` is a stranger's."""
    from tests.callers import client_of

    return client_of
