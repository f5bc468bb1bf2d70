"""One function per model, with sensible defaults: `make_agent(slug="echo")`. No inheritance, no randomness."""

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from uuid_utils.compat import uuid7

from plugins_app import manifest as manifests
from plugins_app.models import HostedAgent, Plugin, PluginInstance, PluginRelease
from registry.models import Agent, Capability, Node
from routing.models import TERMINAL, Message, Task, TaskEvent
from security import services
from security.models import ApiKey, Role, RoleBinding, User
from security.permissions import BUILTIN_ROLES
from security.principals import Principal, system

PASSWORD = "correct horse battery staple"


def make_roles() -> None:
    """The built-in roles: their migration made them, and a test with real transactions truncates every table."""
    for name, permissions in BUILTIN_ROLES.items():
        told = {"permissions": sorted(permissions), "builtin": True}
        Role.objects.get_or_create(name=name, defaults=told)


@cache
def _hashed() -> str:
    """Once: a good hash is slow."""
    return make_password(PASSWORD)


def make_user(username: str = "olga", role: str = "operator", **fields: Any) -> User:
    """A person with one role, who may log in with `PASSWORD`."""
    make_roles()
    told = {"tenant": services.default_tenant(), "is_staff": True, "password": _hashed()}
    user = User.objects.create(username=username, **(told | fields))
    RoleBinding.objects.create(user=user, role=Role.objects.get(name=role))
    return user


def make_key(
    owner: User | None = None, name: str = "a program", role: str = "developer", **fields: Any
) -> tuple[ApiKey, str]:
    """A key and its text. Without an owner, that of a new user with the same role."""
    owner = owner or make_user(f"owner-of-{role}", role)
    return services.create_api_key(system("tests"), name=name, role=role, owner=owner, **fields)


def expire(key: ApiKey) -> None:
    """Make a key that has just expired: the service makes none."""
    now = timezone.now()
    ApiKey.objects.filter(id=key.id).update(
        created=now - timedelta(hours=2), expires=now - timedelta(hours=1)
    )


def make_agent(slug: str = "echo", *, capabilities: tuple[str, ...] = (), **fields: Any) -> Agent:
    told: dict[str, Any] = {
        "name": slug.replace("-", " ").title(),
        "source": Agent.Source.PLUGIN,
        "state": Agent.State.READY,
        "tenant": services.default_tenant(),
        "keywords": " ".join(capabilities),
    }
    agent = Agent.objects.create(slug=slug, **(told | fields))
    for name in capabilities:
        agent.capabilities.add(Capability.objects.get_or_create(name=name)[0])
    return agent


def make_node(name: str = "local", **fields: Any) -> Node:
    told = {"state": Node.State.ACTIVE, "heartbeat": timezone.now(), "cpus": 2}
    return Node.objects.create(name=name, **(told | fields))


def make_plugin(
    slug: str = "echo",
    *,
    version: str = "1.0.0",
    path: Path | str = "/nowhere",
    manifest: dict[str, Any] | None = None,
    agents: tuple[Agent, ...] = (),
    **fields: Any,
) -> Plugin:
    """An installed plugin with one release, hosting these agents."""
    plugin = Plugin.objects.create(slug=slug)
    plugin.release = PluginRelease.objects.create(
        plugin=plugin,
        version=version,
        path=str(path),
        manifest=manifest or {"metadata": {"name": slug, "version": version}},
        digest="0" * 64,
    )
    for name, value in fields.items():
        setattr(plugin, name, value)
    plugin.save()
    for agent in agents:
        HostedAgent.objects.create(plugin=plugin, agent=agent)
    return plugin


def make_release(
    plugin: Plugin, version: str, *, days_ago: int = 1, **fields: Any
) -> PluginRelease:
    """A further release of a plugin, whose manifest is echo's and can be run where it lies."""
    raw = manifests.read(Path(settings.BASE_DIR) / "plugins" / "echo")
    raw["metadata"] |= {"name": plugin.slug, "version": version}
    told: dict[str, Any] = {
        "path": str(Path(settings.BASE_DIR) / "plugins" / "echo"),
        "manifest": raw,
        "digest": hashlib.sha256(version.encode()).hexdigest(),
        "installed": timezone.now() - timedelta(days=days_ago),
    }
    return PluginRelease.objects.create(plugin=plugin, version=version, **(told | fields))


def make_instance(
    plugin: Plugin, ordinal: int = 0, *, node: Node | None = None, **fields: Any
) -> PluginInstance:
    """A running process of a plugin (a row; nothing runs)."""
    told: dict[str, Any] = {
        "state": PluginInstance.State.RUNNING,
        "pid": 4242 + ordinal,
        "address": f"unix:/run/{plugin.slug}-{ordinal}",
        "launch_id": uuid7(),
        "started": timezone.now(),
    }
    node = node or Node.objects.filter(name="local").first() or make_node()
    assert plugin.release is not None
    return PluginInstance.objects.create(
        plugin=plugin, release=plugin.release, node=node, ordinal=ordinal, **(told | fields)
    )


def make_task(
    agent: Agent, owner: Principal | None = None, state: str = "COMPLETED", **fields: Any
) -> Task:
    """A task with its first event."""
    now = timezone.now()
    told: dict[str, Any] = {
        "owner": owner.subject if owner else "user:nobody",
        "owner_label": owner.label if owner else "nobody",
        "context_id": "context-1",
        "status": {"state": f"TASK_STATE_{state}"},
        "closed": now if state in TERMINAL else None,
        "lease_until": None if state in TERMINAL else now + timedelta(seconds=30),
        "lease_owner": "" if state in TERMINAL else "tests",
    }
    task = Task.objects.create(agent=agent, state=state, **(told | fields))
    TaskEvent.objects.create(task=task, seq=1, kind=TaskEvent.Kind.STATUS, payload=task.status)
    return task


def make_message(task: Task, text: str = "hello", role: str = "user", **fields: Any) -> Message:
    message_id = str(uuid7())
    body = {
        "messageId": message_id,
        "role": f"ROLE_{role.upper()}",
        "parts": [{"text": text}],
        "contextId": task.context_id,
        "taskId": str(task.id),
    }
    told: dict[str, Any] = {"owner": task.owner, "context_id": task.context_id, "message": body}
    return Message.objects.create(
        task=task, agent=task.agent, role=role, message_id=message_id, **(told | fields)
    )
