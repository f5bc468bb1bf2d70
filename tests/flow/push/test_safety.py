"""What webhooks may not be, and what is never told of them."""

import asyncio

import pytest

from routing.limits import MAX_PUSH_CONFIGS
from routing.models import PushConfig, PushDelivery
from routing.push.courier import Courier
from routing.services import claims, outbox, pushes
from routing.services.outbox import Patience
from security.errors import InvalidInput
from security.rows import ask
from tests.receiver import Receiver
from tests.webhooks import BEARER, keep

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reason_that_a_row_cannot_hold_is_cut(task):
    config = keep(task, "https://hook.example/")
    (errand,) = claims.claim_due(10, {})
    assert outbox.note(errand, 1, outbox.Outcome(error="a\0b" * 1000), Patience(attempts=1))
    assert PushDelivery.objects.get(config=config).error.startswith("abab")


@pytest.mark.asyncio
async def test_a_name_that_leads_inside_is_refused_when_it_is_told(task, settings, monkeypatch):
    """What the name stood for when the config was made does not matter."""
    settings.WEBHOOK_ALLOW = []
    asked = []

    async def answers(self, host, port, **_):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    async with Receiver() as hook:
        config = await ask(keep, task, hook.url(host="rebind.example"))
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", answers)
        await Courier(Patience(attempts=1)).once()
    assert asked == ["rebind.example"]
    assert hook.heard == []
    dead = await ask(PushDelivery.objects.get, config=config)
    assert "private address" in dead.error


@pytest.mark.asyncio
async def test_an_address_that_is_no_longer_allowed_is_not_told(task, settings):
    async with Receiver() as hook:
        config = await ask(keep, task, hook.url())
        settings.WEBHOOK_ALLOW = []
        await Courier(Patience(attempts=1)).once()
        assert hook.heard == []
    assert "private address" in (await ask(PushDelivery.objects.get, config=config)).error


@pytest.mark.asyncio
async def test_a_secret_that_cannot_be_opened_is_a_reason_not_a_crash(task):
    async with Receiver() as hook:
        config = await ask(keep, task, hook.url(), token="t")
        await ask(PushConfig.objects.filter(id=config.id).update, sealed_token="nonsense")
        await Courier(Patience(attempts=1)).once()
        assert hook.heard == []
    assert "cannot be opened" in (await ask(PushDelivery.objects.get, config=config)).error


def test_secrets_are_sealed_in_the_row(task):
    config = keep(task, "https://hook.example/", token="t-1", authentication=BEARER)
    config.refresh_from_db()
    row = str(list(PushConfig.objects.filter(id=config.id).values_list()))
    assert "t-1" not in row and "s3cret" not in row
    assert pushes.shown(config) == {
        "id": config.config_id,
        "taskId": str(task.id),
        "url": "https://hook.example/",
        "authentication": {"scheme": "Bearer"},
    }


@pytest.mark.parametrize(
    ("field", "config"),
    [
        ("url", {}),
        ("url", {"url": ""}),
        ("url", {"url": 7}),
        ("url", {"url": "ftp://hook.example/"}),
        ("url", {"url": "file:///etc/passwd"}),
        ("url", {"url": "https://"}),
        ("url", {"url": "https://u:p@hook.example/"}),
        ("url", {"url": "https://hook.example/\r\nX: y"}),
        ("url", {"url": "https://hook.example/ x"}),
        ("url", {"url": "http://1.2.3.4\\@127.0.0.2/"}),
        ("url", {"url": "http://10.0.0.1/"}),
        ("url", {"url": "http://100.64.1.1/"}),
        ("url", {"url": "http://169.254.169.254/latest/"}),
        ("url", {"url": "http://metadata.google.internal/"}),
        ("url", {"url": "http://[::ffff:10.0.0.1]/"}),
        ("url", {"url": "http://[::1]/"}),
        ("url", {"url": "http://0x0a000001/"}),
        ("url", {"url": "http://012.0.0.1/"}),
        ("url", {"url": "https://hook.example/" + "x" * 2048}),
        ("token", {"url": "https://x.example/", "token": "a\r\nB: c"}),
        ("token", {"url": "https://x.example/", "token": "x" * 8193}),
        ("id", {"url": "https://x.example/", "id": "x" * 129}),
        ("authentication", {"url": "https://x.example/", "authentication": "Bearer x"}),
        (
            "authentication.scheme",
            {"url": "https://x.example/", "authentication": {"credentials": "x"}},
        ),
        (
            "authentication.scheme",
            {"url": "https://x.example/", "authentication": {"scheme": "Two words"}},
        ),
        (
            "authentication.credentials",
            {
                "url": "https://x.example/",
                "authentication": {"scheme": "Bearer", "credentials": "x\ny"},
            },
        ),
    ],
)
def test_what_cannot_be_told_is_refused_when_it_is_asked_for(field, config):
    with pytest.raises(InvalidInput) as refused:
        pushes.checked(config)
    assert list(refused.value.fields) == [field]


def test_a_task_has_so_many_configs_and_no_more(task):
    for number in range(MAX_PUSH_CONFIGS):
        keep(task, "https://hook.example/", id=str(number))
    with pytest.raises(InvalidInput, match="at most 20"):
        keep(task, "https://hook.example/", id="one too many")
    assert keep(task, "https://other.example/", id="0").url == "https://other.example/"
