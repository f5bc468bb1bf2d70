"""Who may scrape /metrics: this machine, and who may see metrics."""

import pytest

from tests.factories import make_key

pytestmark = pytest.mark.django_db
FAR = {"REMOTE_ADDR": "203.0.113.7"}


def test_this_machine_needs_no_key(client):
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("way", [FAR, {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}])
def test_a_stranger_from_elsewhere_is_refused(client, way):
    answer = client.get("/metrics", **way)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_a_key_that_may_see_metrics_does(client):
    _, key = make_key(role="viewer")
    answer = client.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {key}", **FAR)
    assert answer.status_code == 200
