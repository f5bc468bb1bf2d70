"""Publishing packages is an author's right, reviewing them an admin's."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ADDED = {"admin": ["plugins.publish", "plugins.review"], "developer": ["plugins.publish"]}


def add(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in apps.get_model("security", "Role").objects.filter(name__in=ADDED, builtin=True):
        role.permissions = sorted({*role.permissions, *ADDED[role.name]})
        role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("security", "0003_certificate_authority")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
