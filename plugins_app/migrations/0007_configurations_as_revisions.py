"""What somebody configured before there were revisions becomes revision 1: revision 0 is what plugin.yaml says."""

from django.db import migrations


def make_revisions(apps, schema_editor):
    plugins = apps.get_model("plugins_app", "Plugin")
    revisions = apps.get_model("plugins_app", "ConfigRevision")
    for plugin in plugins.objects.filter(revision=0, release__isnull=False).select_related(
        "release"
    ):
        if plugin.config != (plugin.release.manifest.get("config") or {}):
            note = "As it was before there were revisions"
            revisions.objects.create(plugin=plugin, number=1, config=plugin.config, note=note)
            plugins.objects.filter(id=plugin.id).update(revision=1)


class Migration(migrations.Migration):
    dependencies = [("plugins_app", "0006_packages_known_by_contents")]
    operations = [migrations.RunPython(make_revisions, migrations.RunPython.noop)]
