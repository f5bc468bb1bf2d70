"""Clients of DRF add a slash; POSTs must not be redirected."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/v1/agents", "/api/v1/agents/"])
def test_both_spellings_answer_alike(api, path):
    assert api("viewer").get(path).status_code == 200


def test_a_post_with_a_slash_is_not_redirected(api):
    answer = api("viewer").post("/api/v1/plugins/none/start/", {}, format="json")
    assert answer.status_code == 403
