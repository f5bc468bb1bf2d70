"""The default tenant, the five built-in roles, and a database that keeps the audit trail.

The trigger refuses UPDATE and DELETE on audit events; retention, when it comes, sets `agentx.audit_retention` in its
own transaction to be let through.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A copy on purpose: a migration must not change when the code does.
SEES = [
    "agents.view",
    "plugins.view",
    "tasks.view",
    "tasks.view_all",
    "alerts.view",
    "autoscaling.view",
    "nodes.view",
    "metrics.view",
]
OPERATES = [
    "plugins.logs",
    "plugins.operate",
    "agents.call",
    "tasks.cancel_all",
    "alerts.acknowledge",
    "alerts.manage",
    "autoscaling.manage",
    "nodes.manage",
    "keys.own",
]
ROLES = {
    "admin": [
        *SEES,
        *OPERATES,
        "agents.manage",
        "plugins.manage",
        "audit.view",
        "keys.manage",
        "users.manage",
    ],
    "operator": [*SEES, *OPERATES],
    "developer": [
        "agents.view",
        "agents.manage",
        "agents.call",
        "plugins.view",
        "plugins.logs",
        "tasks.view",
        "alerts.view",
        "autoscaling.view",
        "nodes.view",
        "metrics.view",
        "keys.own",
    ],
    "viewer": SEES,
    "auditor": [*SEES, "audit.view"],
}

GUARD = """
CREATE FUNCTION security_keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('agentx.audit_retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit events are never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER security_keep_audit BEFORE UPDATE OR DELETE ON security_auditevent
FOR EACH ROW EXECUTE FUNCTION security_keep_audit();
"""
UNGUARD = """
DROP TRIGGER security_keep_audit ON security_auditevent;
DROP FUNCTION security_keep_audit();
"""


def add_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("security", "Tenant").objects.get_or_create(
        slug="default", defaults={"name": "Default"}
    )
    role = apps.get_model("security", "Role")
    for name, permissions in ROLES.items():
        role.objects.update_or_create(
            name=name, defaults={"permissions": sorted(permissions), "builtin": True}
        )


class Migration(migrations.Migration):
    dependencies = [("security", "0001_initial")]
    operations = [
        migrations.RunPython(add_roles, migrations.RunPython.noop),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
