"""Figures, alerts and autoscaling over HTTP."""

import pytest
from django.utils import timezone

from monitoring.models import Alert, AlertRule
from monitoring.services import ensure_default_rules, take_sample
from plugins_app.models import AutoscalePolicy, ScalingDecision
from tests.callers import problem
from tests.factories import make_plugin

pytestmark = pytest.mark.django_db
PATHS = (
    "metrics/overview",
    "metrics/series?name=rss_bytes",
    "alerts",
    "alert-rules",
    "alert-rules/error-rate",
    "alert-metrics",
    "autoscaling/policies",
    "autoscaling/policies/echo",
    "autoscaling/decisions",
)
RULE = {"name": "busy", "metric": "tasks_running", "comparison": "gt", "threshold": 5}


@pytest.fixture
def plugin():
    plugin = make_plugin("echo")
    AutoscalePolicy.objects.create(plugin=plugin)
    ensure_default_rules()
    return plugin


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_refused_and_viewers_see(api, plugin, path):
    assert problem(api(None).get(f"/api/v1/{path}"), 401) == "not_authenticated"
    assert api("viewer").get(f"/api/v1/{path}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "alert-rules"),
        ("patch", "alert-rules/error-rate"),
        ("delete", "alert-rules/error-rate"),
        ("put", "autoscaling/policies/echo"),
        ("post", "alerts/{alert}/acknowledge"),
    ],
)
def test_viewers_change_nothing(api, plugin, method, path):
    alert = Alert.objects.create(rule=AlertRule.objects.first(), value=1, state="firing")
    call = getattr(api("viewer"), method)
    answer = call(f"/api/v1/{path.format(alert=alert.id)}", RULE, format="json")
    assert problem(answer, 403) == "forbidden"


def test_the_overview_is_the_newest_frame(api):
    sample = take_sample()
    told = api("viewer").get("/api/v1/metrics/overview").json()
    assert (told["kind"], told["seq"]) == ("metrics", sample.id)
    assert told["data"] == sample.figures


def test_a_series(api):
    take_sample()
    told = api("viewer").get("/api/v1/metrics/series?name=tasks_running&minutes=5").json()
    assert (told["name"], told["minutes"], len(told["points"])) == ("tasks_running", 5, 1)
    answer = api("viewer").get("/api/v1/metrics/series?name=tasks_running&minutes=99999")
    assert problem(answer, 400) == "invalid_input"


def test_rules_from_making_to_deleting(api):
    client = api("operator")
    made = client.post("/api/v1/alert-rules", RULE, format="json")
    assert (made.status_code, made.json()["severity"]) == (201, "warning")
    assert problem(client.post("/api/v1/alert-rules", RULE, format="json"), 409) == "conflict"
    bad = client.patch("/api/v1/alert-rules/busy", {"metric": "nonsense"}, format="json")
    assert problem(bad, 400) == "invalid_input"
    assert set(bad.json()["fields"]) == {"metric"}
    changed = client.patch("/api/v1/alert-rules/busy", {"enabled": False}, format="json")
    assert changed.json()["enabled"] is False
    assert client.delete("/api/v1/alert-rules/busy").status_code == 204
    assert problem(client.get("/api/v1/alert-rules/busy"), 404) == "not_found"


def test_an_alert_is_acknowledged(api, plugin):
    alert = Alert.objects.create(rule=AlertRule.objects.first(), value=1, state="firing")
    seen = api("operator").post(f"/api/v1/alerts/{alert.id}/acknowledge").json()
    assert (seen["state"], seen["acknowledged_by"]) == ("acknowledged", "owner-of-operator")
    listed = api("viewer").get("/api/v1/alerts?state=open").json()["results"]
    assert [row["id"] for row in listed] == [str(alert.id)]
    assert problem(api("viewer").get("/api/v1/alerts?state=odd"), 400) == "invalid_input"


def test_a_policy_is_set_and_decisions_are_listed(api, plugin):
    client = api("operator")
    told = client.put("/api/v1/autoscaling/policies/echo", {"maximum": 6}, format="json").json()
    assert (told["plugin"], told["maximum"], told["replicas"]) == ("echo", 6, 1)
    answer = client.put("/api/v1/autoscaling/policies/echo", {"minimum": 9}, format="json")
    assert problem(answer, 400) == "invalid_input"
    assert set(answer.json()["fields"]) == {"minimum"}
    ScalingDecision.objects.create(
        plugin=plugin,
        time=timezone.now(),
        before=1,
        after=2,
        in_flight=4,
        target_in_flight=2,
        reason="busy",
    )
    (row,) = client.get("/api/v1/autoscaling/decisions?plugin=echo").json()["results"]
    assert (row["before"], row["after"], row["in_flight"]) == (1, 2, 4.0)
    assert client.get("/api/v1/autoscaling/decisions?plugin=x").json()["results"] == []


def test_lists_turn_their_pages(api, plugin):
    for name in ("a", "b"):
        AutoscalePolicy.objects.create(plugin=make_plugin(name))
    client, seen = api("viewer"), []
    url = "/api/v1/autoscaling/policies?page_size=1"
    while url:
        page = client.get(url).json()
        seen += [row["plugin"] for row in page["results"]]
        url = page["next"]
    assert sorted(seen) == ["a", "b", "echo"]
