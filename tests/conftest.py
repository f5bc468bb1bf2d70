"""What every test can ask for."""

import pytest

from tests.services import Services


def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-django sets Django up, which reads DATABASE_URL."""
    services = Services()
    config.add_cleanup(services.stop)
    services.start()
