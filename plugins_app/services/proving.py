"""What is new proves itself, or goes back to what was good: a release, a configuration, or both."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from plugins_app.models import FIRST_ELSEWHERE, Plugin, PluginEvent, PluginInstance
from plugins_app.services.config import go_back
from plugins_app.services.events import record_event
from plugins_app.services.operation import follow
from plugins_app.services.releases import activate
from security import audit
from security.errors import PublicError
from security.principals import system

TRIES: Final = 2  # of a release or a configuration that does not come up
MOST_ROLLBACKS: Final = 3  # one soon after the other; then an operator has to look
COOLDOWN_SECONDS: Final = 60.0
GOOD_SECONDS: Final = 5.0  # all processes ready for so long: what they are is good
US: Final = system("supervisor")


@transaction.atomic
def well(instance_id: UUID) -> None:
    """One process has been ready for `GOOD_SECONDS`: if all are, this is where to go back to."""
    plugin = _locked(instances=instance_id)
    if plugin is None or plugin.release is None or is_good(plugin) or not _all_well(plugin):
        return
    plugin.good_release, plugin.good_revision = plugin.release, plugin.revision
    plugin.save(update_fields=["good_release", "good_revision", "updated"])


@transaction.atomic
def not_well(plugin_id: UUID, generation: int, revision: int, reason: str) -> None:
    """A process of this generation and revision did not come up, however often it was tried.

    Does nothing when something else is wanted by now, or nothing good is known that differs.
    """
    plugin = _locked(id=plugin_id)
    if plugin is None or (plugin.generation, plugin.revision) != (generation, revision):
        return
    release, config = _is_new_release(plugin), _is_new_config(plugin)
    if not release and not config:
        return
    if not _may_go_back(plugin):
        told = f"It was rolled back {plugin.rollbacks} times: look at it before the next change."
        record_event(plugin, None, PluginEvent.Type.DEGRADED, f"{told} {reason}")
        return
    before = _state(plugin)
    if release and plugin.good_release is not None:
        coming, asked = plugin.next_release, plugin.next_is_asked
        activate(US, plugin, plugin.good_release)
        plugin.next_release, plugin.next_is_asked = coming, asked  # a better one may be on its way
    if config:
        _restore_config(plugin, reason)
    ahead = ["next_release", "next_is_asked"]
    plugin.save(update_fields=["rollbacks", "retry_after", "good_revision", *ahead, "updated"])
    _tell(plugin, before, reason)
    follow(plugin)


def _tell(plugin: Plugin, before: dict[str, Any], reason: str) -> None:
    """An event, the audit, and the processes that go on."""
    after = _state(plugin)
    moves = [
        f"{name} {before[name]} to {after[name]}" for name in after if before[name] != after[name]
    ]
    told = f"Rolled back from {' and '.join(moves) or 'another build of it'}: {reason}"
    data = {"from": before, "to": after}
    record_event(plugin, None, PluginEvent.Type.ROLLED_BACK, told, data)
    audit.record(US, "plugin.rolled_back", "plugin", plugin.slug, before=before, after=after)
    ours = plugin.instances.filter(wanted=True, ordinal__lt=FIRST_ELSEWHERE)
    ours.update(reason=told)


def is_good(plugin: Plugin) -> bool:
    """Whether what is wanted has shown that it works."""
    now = (plugin.release_id, plugin.revision)
    return plugin.release_id is not None and now == (plugin.good_release_id, plugin.good_revision)


def is_new(plugin: Plugin) -> bool:
    """Whether what is wanted has yet to show that it works, and something else is known to."""
    return _is_new_release(plugin) or _is_new_config(plugin)


def _locked(**which: Any) -> Plugin | None:
    rows = Plugin.objects.select_for_update(of=("self",)).filter(**which)
    return rows.select_related("release", "good_release").first()


def _is_new_release(plugin: Plugin) -> bool:
    return plugin.good_release_id not in (None, plugin.release_id)


def _is_new_config(plugin: Plugin) -> bool:
    return plugin.good_revision is not None and plugin.good_revision != plugin.revision


def _all_well(plugin: Plugin) -> bool:
    """Every wanted process runs, as wanted now, and has for long enough. One started by hand is not the release."""
    if plugin.attachment is not None:
        return False
    rows = plugin.instances.filter(wanted=True, ordinal__lt=FIRST_ELSEWHERE)
    since = timezone.now() - timedelta(seconds=GOOD_SECONDS)
    well = rows.filter(
        state=PluginInstance.State.RUNNING,
        release=plugin.release,
        revision=plugin.revision,
        ready__lte=since,
    )
    return 0 < rows.count() == well.count()


def _may_go_back(plugin: Plugin) -> bool:
    """Count it, and say whether it may be."""
    now = timezone.now()
    if plugin.retry_after is None or plugin.retry_after <= now:
        plugin.rollbacks = 0
    if plugin.rollbacks >= MOST_ROLLBACKS:
        return False
    plugin.rollbacks += 1
    plugin.retry_after = now + timedelta(seconds=COOLDOWN_SECONDS)
    return True


def _restore_config(plugin: Plugin, reason: str) -> None:
    """As a new revision: what was tried stays readable."""
    try:
        go_back(US, plugin, plugin.good_revision or 0, note=reason)
    except PublicError as error:
        told = f"Its last good configuration cannot be restored: {error.message}"
        record_event(plugin, None, PluginEvent.Type.DEGRADED, told)
    else:
        plugin.good_revision = plugin.revision


def _state(plugin: Plugin) -> dict[str, Any]:
    version = plugin.release.version if plugin.release else ""
    return {"version": version, "revision": plugin.revision}
