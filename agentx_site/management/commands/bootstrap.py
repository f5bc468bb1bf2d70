"""Bring a database to the state this version needs: schema, first admin, bundled plugins, default rules.

Runs before the other processes at every start; may run twice at once (an advisory lock lets one work). Its last line
on stdout is JSON: `{"first_run": bool, "username": str, "password": str|null, "api_key": str|null}`.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction

from agentx_site import env
from monitoring.services import ensure_default_rules
from plugins_app.errors import InvalidConfig, InvalidManifest, InvalidPackage
from plugins_app.models import Plugin, PluginRelease
from plugins_app.packages import archive
from plugins_app.packages.archive import Built
from plugins_app.services import set_desired
from plugins_app.services.acceptance import accept
from plugins_app.services.config import seal_open_secrets
from security.errors import Conflict, PublicError
from security.models import User
from security.principals import Principal, system
from security.services import create_api_key, create_user

MINIMUM_POSTGRES: Final = 15
LOCK: Final = 0x6167656E7478  # "agentx"
ADMIN: Final = "admin"
PLUGINS: Final = settings.BASE_DIR / "plugins"


class Command(BaseCommand):
    help = "Migrate, make the first admin, install the bundled plugins."
    requires_system_checks = []  # `make check` does; here they would import every view first

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_postgres()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            call_command("migrate", verbosity=0, interactive=False)
            result = first_admin(system("bootstrap"))
            seal_open_secrets(system("bootstrap"))
            ensure_default_rules()
            install_bundled(system("bootstrap"), self.stderr.write)
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}".strip()) from None
        except PublicError as error:
            raise CommandError(error.message) from None
        finally:
            connection.close()  # ends the advisory lock too
        self.stdout.write(json.dumps(result))


def require_postgres() -> None:
    connection.ensure_connection()
    version = connection.pg_version  # type: ignore[attr-defined]
    if version < MINIMUM_POSTGRES * 10000:
        raise CommandError(
            f"DATABASE_URL leads to PostgreSQL {version // 10000}; AgentX needs {MINIMUM_POSTGRES} or newer."
        )


@transaction.atomic
def first_admin(principal: Principal) -> dict[str, Any]:
    """Make the admin and a first key when nobody exists yet, and keep them where only this user reads.

    The file is written before the commit: a crash between the two leaves a file the next start overwrites, never
    an admin whose password nobody knows.
    """
    if User.objects.exists():
        return {"first_run": False, "username": ADMIN, "password": None, "api_key": None}
    password = env.text("AGENTX_ADMIN_PASSWORD", "") or secrets.token_urlsafe(12)
    user = create_user(principal, username=ADMIN, password=password, role="admin")
    user.is_superuser = True
    user.save(update_fields=["is_superuser"])
    _, key = create_api_key(principal, name="first", role="admin", owner=user)
    made = {"username": ADMIN, "password": password, "api_key": key}
    keep_credentials({"url": settings.PUBLIC_URL, **made})
    return {"first_run": True, **made}


def keep_credentials(credentials: dict[str, Any]) -> None:
    """Write credentials.json, readable by its owner only, whole or not at all."""
    home: Path = settings.AGENTX_HOME
    home.mkdir(parents=True, exist_ok=True)
    draft = home / ".credentials.json"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(credentials, file, indent=2)
    draft.replace(home / "credentials.json")


def install_bundled(principal: Principal, warn: Any) -> None:
    """Install what ships in plugins/; the demo's plugins start when they are first seen, never against a later stop.

    One whose manifest says `autostart: false` waits until somebody starts it. What did not change since is left alone,
    and so is what an operator put in the place of a bundled one.
    """
    if not settings.DEMO:
        return
    for manifest in sorted(PLUGINS.glob("*/plugin.yaml")):
        known = set(Plugin.objects.values_list("slug", flat=True))
        try:
            if _is_known(manifest.parent):
                continue
            built = archive.build(manifest.parent)
            plugin = _bundled(principal, built)
        except (InvalidManifest, InvalidPackage, InvalidConfig, Conflict) as error:
            warn(f"{manifest.parent.name}: {error.message}")
            continue
        starts = built.manifest.get("autostart", True)
        if starts and plugin is not None and plugin.slug not in known:
            set_desired(principal, plugin.slug, Plugin.Desired.RUNNING)


def _is_known(folder: Path) -> bool:
    """Whether it was taken in as it is: told without packing it, for there are many and every start asks."""
    earlier = PluginRelease.objects.filter(source=PluginRelease.Source.BUNDLED)
    return earlier.filter(digest=archive.contents_of(folder)).exists()


def _bundled(principal: Principal, built: Built) -> Plugin | None:
    """Take it in, unless somebody put another in its place."""
    if _replaced(built.name):
        return None
    return accept(principal, built.content, source=PluginRelease.Source.BUNDLED)


def _replaced(name: str) -> bool:
    """Whether somebody installed a plugin of this name from elsewhere."""
    ours = (PluginRelease.Source.BUNDLED, PluginRelease.Source.FOLDER)
    held = Plugin.objects.filter(slug=name, release__isnull=False)
    return held.exclude(release__source__in=ours).exists()
