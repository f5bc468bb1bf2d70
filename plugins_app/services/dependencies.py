"""Which plugin needs which: missing ones, those that would break, and the order in which all of them start."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from plugins_app import manifest as manifests
from plugins_app.errors import InvalidManifest, Needed
from plugins_app.manifest import Dependency, Manifest
from plugins_app.models import Plugin
from plugins_app.packages import graph, versions


def allow(manifest: Manifest) -> None:
    """Raise `Needed` unless a plugin may have this release: all it needs is here, none that needs it breaks."""
    needs = _needs()
    needs[manifest.name] = [each.name for each in manifest.dependencies]
    try:
        graph.ordered(needs)
    except graph.Cycle as cycle:
        told = _("These plugins would need one another in a circle: %(names)s.")
        raise Needed(told % {"names": " → ".join(cycle.names)}) from None
    if lacking := missing(manifest):
        raise Needed(" ".join(lacking))
    _require_unbroken(manifest.name, manifest.version)


def missing(manifest: Manifest) -> list[str]:
    """A sentence for each needed plugin that is not installed, or not in a version that fits."""
    have = _versions()
    return [told for each in manifest.dependencies if (told := _lack(manifest, each, have))]


def dependents(plugin: Plugin) -> list[str]:
    """The plugins that need this one, by name: while there are any, it stays."""
    return sorted(slug for slug, each in _wanted_of(plugin.slug) if not each.optional)


def require_unneeded(plugin: Plugin) -> None:
    """Raise `Needed` while another plugin needs this one."""
    if names := dependents(plugin):
        told = _("%(plugin)s is needed by %(others)s: uninstall that first.")
        raise Needed(told % {"plugin": plugin.slug, "others": ", ".join(names)})


def layers() -> list[list[str]]:
    """All plugins in the order in which they start: each needs only what stands in a group before its own.

    Plugins that need one another (their rows were made before that was refused) all come last.
    """
    known = set(Plugin.objects.values_list("slug", flat=True))
    needs = {slug: known & set(names) for slug, names in _needs().items()}
    try:
        return graph.layers({slug: needs.get(slug, ()) for slug in known})
    except graph.Cycle as cycle:
        rest = {slug: needs.get(slug, set()) - set(cycle.names) for slug in known}
        early = graph.layers({s: n for s, n in rest.items() if s not in cycle.names})
        return [*early, sorted(set(cycle.names))]


def _require_unbroken(name: str, version: str) -> None:
    """Another plugin may rely on an older version than the one that is to come."""
    for slug, each in _wanted_of(name):
        if not versions.fits(version, each.version):
            told = _("%(other)s needs %(plugin)s in version %(range)s, which %(version)s is not.")
            names = {"other": slug, "plugin": name, "range": each.version, "version": version}
            raise Needed(told % names)


def _lack(manifest: Manifest, each: Dependency, have: dict[str, str]) -> str:
    wanted = f"{each.name}@{each.version}" if each.version else each.name
    names = {"plugin": manifest.name, "other": each.name, "range": each.version, "wanted": wanted}
    if each.name not in have:
        told = _(
            "%(plugin)s needs %(other)s: install it first, "
            "with `agentx plugin install '%(wanted)s'`."
        )
        return "" if each.optional else told % names
    if versions.fits(have[each.name], each.version):
        return ""
    told = _(
        "%(plugin)s needs %(other)s in version %(range)s and finds %(found)s: "
        "change it with `agentx plugin install '%(wanted)s'`."
    )
    return told % (names | {"found": have[each.name]})


def _wanted_of(name: str) -> Iterator[tuple[str, Dependency]]:
    for slug, manifest in _manifests():
        for each in manifest.dependencies:
            if each.name == name and slug != name:
                yield slug, each


def _needs() -> dict[str, list[str]]:
    return {slug: [each.name for each in m.dependencies] for slug, m in _manifests()}


def _versions() -> dict[str, str]:
    installed = Plugin.objects.filter(release__isnull=False)
    return dict(installed.values_list("slug", "release__version"))


def _manifests() -> Iterator[tuple[str, Manifest]]:
    """Of the installed plugins that have dependencies at all; few do."""
    installed = Plugin.objects.filter(release__manifest__has_key="dependencies")
    for slug, raw in installed.values_list("slug", "release__manifest"):
        try:
            yield slug, manifests.parse(raw)
        except InvalidManifest:  # of an older AgentX, which took what this one does not
            continue
