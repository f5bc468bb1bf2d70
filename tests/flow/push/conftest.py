import pytest

from routing.models import Task
from tests.factories import make_agent, make_task


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def task(db) -> Task:
    return make_task(make_agent(), state="WORKING", seq=1)
