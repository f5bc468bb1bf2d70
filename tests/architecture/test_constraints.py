"""Each promise the database keeps, broken once on purpose."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from monitoring.models import Alert, AlertRule
from plugins_app.models import (
    AgentSecret,
    AutoscalePolicy,
    ConfigRevision,
    HostedAgent,
    Package,
    PackageRating,
    Plugin,
    PluginInstance,
    PluginRelease,
    PluginSecret,
    Preparation,
    RemovedAgent,
)
from registry.models import Agent, AgentCard, Node, SigningKey, Upstream
from routing.models import (
    Conversation,
    ConversationMemory,
    IdempotencyKey,
    PushConfig,
    PushDelivery,
    Task,
    TaskEvent,
)
from security.models import (
    ApiKey,
    AuditEvent,
    CertificateAuthority,
    Role,
    RoleBinding,
    Tenant,
    User,
)
from tests.factories import make_node, make_plugin, make_release

pytestmark = pytest.mark.django_db


class Broken:
    """`with broken("name"):` holds that the block is refused by the constraint of that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.atomic = transaction.atomic()

    def __enter__(self) -> None:
        self.atomic.__enter__()

    def __exit__(self, kind, error, trace) -> bool:
        self.atomic.__exit__(kind, error, trace)
        assert isinstance(error, IntegrityError), f"{self.name} let it through"
        assert self.name in str(error)
        return True


broken = Broken


@pytest.fixture
def tenant():
    return Tenant.objects.get_or_create(slug="default", defaults={"name": "Default"})[0]


@pytest.fixture
def user(tenant):
    return User.objects.create(username="alice", tenant=tenant)


@pytest.fixture
def role():
    return Role.objects.get_or_create(name="viewer")[0]


@pytest.fixture
def agent(tenant):
    return Agent.objects.create(tenant=tenant, slug="echo-x", name="Echo", source="plugin")


@pytest.fixture
def plugin():
    return Plugin.objects.create(slug="p-x")


@pytest.fixture
def instance(plugin):
    release = PluginRelease.objects.create(
        plugin=plugin, version="1", path="/p", manifest={}, digest="0" * 64
    )
    node = Node.objects.create(name="n")
    return PluginInstance.objects.create(plugin=plugin, release=release, node=node, ordinal=0)


def test_a_configuration_revision_has_one_number(plugin):
    ConfigRevision.objects.create(plugin=plugin, number=1, config={})
    with broken("plugins_app_revision_numbered_once"):
        ConfigRevision.objects.create(plugin=plugin, number=1, config={"a": 1})


def test_configuration_revisions_begin_at_one(plugin):
    with broken("plugins_app_revisions_begin_at_one"):
        ConfigRevision.objects.create(plugin=plugin, number=0, config={})


def test_a_secret_of_a_plugin_has_its_name_once(plugin):
    PluginSecret.objects.create(plugin=plugin, name="api_key@1", sealed="x")
    with broken("plugins_app_secret_once"):
        PluginSecret.objects.create(plugin=plugin, name="api_key@1", sealed="y")


@pytest.fixture
def task(agent):
    return Task.objects.create(
        agent=agent,
        owner="user:x",
        context_id="c",
        state="SUBMITTED",
        status={},
        lease_until=timezone.now(),
    )


def test_a_role_is_bound_once(user, role):
    RoleBinding.objects.create(user=user, role=role)
    with broken("security_one_binding_per_role"):
        RoleBinding.objects.create(user=user, role=role)


def test_a_key_expires_after_it_was_made(user, role, tenant):
    with broken("security_key_expires_after_it_was_made"):
        ApiKey.objects.create(
            tenant=tenant,
            owner=user,
            role=role,
            name="k",
            prefix="p",
            digest=b"0" * 32,
            expires=timezone.now() - timedelta(days=1),
        )


@pytest.mark.parametrize("deed", ["update", "delete"])
def test_an_audit_event_is_never_changed(deed):
    event = AuditEvent.objects.create(
        actor="a", actor_label="a", action="x", target_type="t", target="y"
    )
    with broken("never changed"):
        if deed == "update":
            AuditEvent.objects.filter(id=event.id).update(action="z")
        else:
            AuditEvent.objects.filter(id=event.id).delete()


def test_retention_may_delete_audit_events_when_it_says_so():
    AuditEvent.objects.create(actor="a", actor_label="a", action="x", target_type="t", target="y")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL agentx.audit_retention = 'on'")
    assert AuditEvent.objects.all().delete()[0] == 1


def test_a_remote_agent_has_an_endpoint(tenant):
    with broken("registry_remote_agent_has_endpoint"):
        Agent.objects.create(tenant=tenant, slug="r", name="R", source="remote")


def test_the_front_door_is_no_agent(tenant):
    with broken("registry_front_door_is_no_agent"):
        Agent.objects.create(tenant=tenant, slug="router", name="R", source="plugin")


def test_card_versions_are_unique(agent):
    AgentCard.objects.create(agent=agent, version=1, card={}, digest="a")
    with broken("registry_card_versions_once"):
        AgentCard.objects.create(agent=agent, version=1, card={}, digest="b", is_current=False)


def test_a_lease_that_runs_has_a_length(agent):
    with broken("registry_a_running_lease_has_a_length"):
        Agent.objects.filter(id=agent.id).update(lease_until=timezone.now())


def test_one_key_signs(db):
    SigningKey.objects.create(kid="a", algorithm="ES256", sealed="x", public={})
    with broken("registry_one_key_signs"):
        SigningKey.objects.create(kid="b", algorithm="ES256", sealed="x", public={})


def test_a_retired_key_does_not_sign(db):
    with broken("registry_retired_keys_do_not_sign"):
        SigningKey.objects.create(
            kid="a", algorithm="ES256", sealed="x", public={}, retired=timezone.now()
        )


def test_one_card_is_current(agent):
    AgentCard.objects.create(agent=agent, version=1, card={}, digest="a")
    with broken("registry_one_current_card"):
        AgentCard.objects.create(agent=agent, version=2, card={}, digest="b")


def test_an_upstream_has_an_interface(agent):
    with broken("registry_upstream_has_interface"):
        Upstream.objects.create(agent=agent, url="")


def test_an_upstream_in_error_says_why(agent):
    with broken("registry_error_has_reason"):
        Upstream.objects.create(agent=agent, url="http://x/", health="error")


def test_a_card_that_waits_for_approval_has_a_digest(agent):
    with broken("registry_pending_card_has_digest"):
        Upstream.objects.create(agent=agent, url="http://x/", pending_card={"name": "x"})


def test_replicas_are_bounded(plugin):
    with broken("plugins_app_replicas_bounded"):
        Plugin.objects.filter(id=plugin.id).update(desired_replicas=33)


def test_standbys_are_bounded(plugin):
    with broken("plugins_app_standby_bounded"):
        Plugin.objects.filter(id=plugin.id).update(standby=5)


def test_only_a_release_can_be_wanted(plugin):
    with broken("plugins_app_only_a_release_can_be_wanted"):
        Plugin.objects.filter(id=plugin.id).update(desired="running")


def test_a_release_is_installed_once(instance):
    with broken("plugins_app_release_once"):
        PluginRelease.objects.create(
            plugin=instance.plugin, version="1", path="/q", manifest={}, digest="0" * 64
        )


def test_one_process_per_slot(instance):
    with broken("plugins_app_one_process_per_slot"):
        PluginInstance.objects.create(
            plugin=instance.plugin, release=instance.release, node=instance.node, ordinal=0
        )


def test_a_running_process_has_an_address(instance):
    with broken("plugins_app_running_has_address"):
        PluginInstance.objects.filter(id=instance.id).update(state="running")


def test_a_backoff_ends(instance):
    with broken("plugins_app_backoff_ends"):
        PluginInstance.objects.filter(id=instance.id).update(state="backoff")


def test_the_minimum_is_below_the_maximum(plugin):
    with broken("plugins_app_minimum_below_maximum"):
        AutoscalePolicy.objects.create(plugin=plugin, minimum=3, maximum=2)


def test_the_target_is_above_zero(plugin):
    with broken("plugins_app_target_above_zero"):
        AutoscalePolicy.objects.create(plugin=plugin, target_in_flight=0)


def prepared(**fields):
    release = make_release(make_plugin("prepared"), "1.0.1")
    return Preparation.objects.create(release=release, node=make_node("its-node"), **fields)


def test_a_release_is_prepared_once_per_node():
    row = prepared()
    with broken("plugins_app_prepared_once_per_node"):
        Preparation.objects.create(release=row.release, node=row.node)


def test_progress_is_a_percentage():
    with broken("plugins_app_progress_is_percent"):
        prepared(progress=101)


def test_a_ready_release_has_a_folder():
    with broken("plugins_app_ready_has_a_folder"):
        prepared(state="ready")


@pytest.fixture
def package():
    told = {"manifest": {}, "size": 1, "digest": "1" * 64}
    return Package.objects.create(name="p-x", version="1", listed=True, latest=True, **told)


def test_a_version_is_listed_once(package):
    told = {"manifest": {}, "size": 1, "digest": "2" * 64}
    with broken("plugins_app_version_listed_once"):
        Package.objects.create(name="p-x", version="1", listed=True, **told)
    Package.objects.create(name="p-x", version="1", **told)  # brought here, not listed


def test_one_version_is_the_newest(package):
    told = {"manifest": {}, "size": 1, "digest": "2" * 64}
    with broken("plugins_app_one_newest_package"):
        Package.objects.create(name="p-x", version="2", listed=True, latest=True, **told)


def test_the_newest_version_can_be_had(package):
    with broken("plugins_app_newest_can_be_had"):
        Package.objects.filter(id=package.id).update(yanked=timezone.now())
    with broken("plugins_app_newest_can_be_had"):
        Package.objects.filter(id=package.id).update(listed=False)


def test_a_package_is_kept_once(package):
    with broken("digest"):
        Package.objects.create(name="other", version="1", manifest={}, size=1, digest="1" * 64)


def test_one_rating_each():
    PackageRating.objects.create(name="p-x", subject="ada", stars=5)
    with broken("plugins_app_one_rating_each"):
        PackageRating.objects.create(name="p-x", subject="ada", stars=1)


@pytest.mark.parametrize("stars", [0, 6])
def test_one_to_five_stars(stars):
    with broken("plugins_app_one_to_five_stars"):
        PackageRating.objects.create(name="p-x", subject="ada", stars=stars)


def test_people_configure_the_agents_they_make(plugin, agent):
    with broken("plugins_app_people_configure_agents"):
        HostedAgent.objects.create(plugin=plugin, agent=agent, origin="person")


def test_a_secret_of_an_agent_has_its_name_once(plugin, agent):
    hosted = HostedAgent.objects.create(plugin=plugin, agent=agent)
    AgentSecret.objects.create(hosted=hosted, name="api_key@1", sealed="x")
    with broken("plugins_app_agent_secret_once"):
        AgentSecret.objects.create(hosted=hosted, name="api_key@1", sealed="y")


def test_a_removed_agent_is_kept_once(plugin):
    RemovedAgent.objects.create(plugin=plugin, slug="a", told={})
    with broken("plugins_app_removed_once"):
        RemovedAgent.objects.create(plugin=plugin, slug="a", told={})


def test_a_release_lies_somewhere(plugin):
    with broken("plugins_app_release_lies_somewhere"):
        PluginRelease.objects.create(plugin=plugin, version="1", manifest={}, digest="0" * 64)


def test_a_context_is_known_once_per_caller(agent):
    Conversation.objects.create(agent=agent, owner="user:x", context_id="c")
    with broken("routing_context_once_per_caller"):
        Conversation.objects.create(agent=agent, owner="user:x", context_id="c")


def test_a_message_makes_one_task(agent, task):
    told = {"agent": agent, "owner": "user:x", "message_id": "m", "task": task}
    IdempotencyKey.objects.create(**told)
    with broken("routing_message_once"):
        IdempotencyKey.objects.create(**told)


def test_closed_means_terminal(task):
    with broken("routing_closed_means_terminal"):
        Task.objects.filter(id=task.id).update(state="COMPLETED")
    with broken("routing_closed_means_terminal"):
        Task.objects.filter(id=task.id).update(closed=timezone.now())


def test_a_running_task_has_a_lease(task):
    with broken("routing_running_task_has_lease"):
        Task.objects.filter(id=task.id).update(lease_until=None)


def test_event_numbers_are_unique(task):
    TaskEvent.objects.create(task=task, seq=1, kind="status", payload={})
    with broken("routing_event_numbers_once"):
        TaskEvent.objects.create(task=task, seq=1, kind="status", payload={})


def test_events_count_from_one(task):
    with broken("routing_events_count_from_one"):
        TaskEvent.objects.create(task=task, seq=0, kind="status", payload={})


@pytest.fixture
def push_config(task):
    return PushConfig.objects.create(task=task, config_id="p", url="http://x.example/", host="x")


def test_a_push_config_is_known_once_per_task(push_config):
    with broken("routing_push_config_once_per_task"):
        PushConfig.objects.create(
            task=push_config.task, config_id="p", url="http://y.example/", host="y"
        )


def test_a_push_config_that_ended_says_why(push_config):
    with broken("routing_push_ended_has_reason"):
        PushConfig.objects.filter(id=push_config.id).update(ended=timezone.now())
    with broken("routing_push_ended_has_reason"):
        PushConfig.objects.filter(id=push_config.id).update(end_reason="gone")


def test_an_event_is_told_once_per_push_config(push_config):
    PushDelivery.objects.create(config=push_config, seq=1, state="delivered")
    with broken("routing_push_event_once_per_config"):
        PushDelivery.objects.create(config=push_config, seq=1, state="dead")


def test_what_is_to_be_replayed_is_pending(push_config):
    told = PushDelivery.objects.create(config=push_config, seq=1, state="dead")
    with broken("routing_push_replay_is_pending"):
        PushDelivery.objects.filter(id=told.id).update(replay_due=timezone.now())


@pytest.fixture
def memory(agent, plugin):
    hosted = HostedAgent.objects.create(plugin=plugin, agent=agent)
    return ConversationMemory.objects.create(
        agent=agent, hosted=hosted, owner="key:1", context_id="c"
    )


def test_a_conversation_is_remembered_once(memory):
    with broken("routing_memory_once_per_conversation"):
        ConversationMemory.objects.create(
            agent=memory.agent, hosted=memory.hosted, owner="key:1", context_id="c"
        )


def test_a_mebibyte_of_a_conversation_is_remembered_at_most(memory):
    found = ConversationMemory.objects.filter(id=memory.id)
    found.update(value=bytes(1024 * 1024))
    with broken("routing_memory_is_at_most_a_mebibyte"):
        found.update(value=bytes(1024 * 1024 + 1))


def test_there_is_one_certificate_authority():
    made = {"certificate": "", "key_sealed": "", "expires": timezone.now()}
    CertificateAuthority.objects.create(fingerprint="a", **made)
    with broken("security_one_certificate_authority"):
        CertificateAuthority.objects.create(id=2, fingerprint="b", **made)


def test_one_open_alert_per_subject():
    rule = AlertRule.objects.create(name="r", metric="m", comparison="gt", threshold=1)
    Alert.objects.create(rule=rule, value=2)
    with broken("monitoring_one_open_alert_per_subject"):
        Alert.objects.create(rule=rule, value=3)


def test_a_resolved_alert_has_a_time():
    rule = AlertRule.objects.create(name="r", metric="m", comparison="gt", threshold=1)
    with broken("monitoring_resolved_has_time"):
        Alert.objects.create(rule=rule, value=2, state="resolved")
