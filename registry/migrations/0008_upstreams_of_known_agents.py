"""Agents that were registered by their endpoint before there were upstreams can be reached from now on."""

from django.db import migrations


def make_upstreams(apps, schema_editor):
    Agent = apps.get_model("registry", "Agent")
    Upstream = apps.get_model("registry", "Upstream")
    known = Agent.objects.filter(source="remote", upstream__isnull=True)
    Upstream.objects.bulk_create(
        Upstream(agent=agent, url=agent.endpoint) for agent in known.iterator()
    )
    Agent.objects.filter(source="remote").update(direct_messages=True)


class Migration(migrations.Migration):
    dependencies = [("registry", "0007_alike_names")]
    operations = [migrations.RunPython(make_upstreams, migrations.RunPython.noop)]
