"""Settings out of the environment say what is wrong with them."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from agentx_site import env


@pytest.mark.parametrize(
    ("value", "words"), [("many", "is not a whole number"), ("33", "33 is more than 32")]
)
def test_a_number_that_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, words: str
) -> None:
    monkeypatch.setenv("AGENTX_MAX_HOPS", value)
    with pytest.raises(ImproperlyConfigured, match=words):
        env.number("AGENTX_MAX_HOPS", 10, "How many.", most=32)


def test_a_number_at_its_bound_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTX_MAX_HOPS", "32")
    assert env.number("AGENTX_MAX_HOPS", 10, "How many.", most=32) == 32
