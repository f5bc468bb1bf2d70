"""Django's admin machinery serves the console's login, logout and password pages; no model is edited through it."""

from django.contrib.admin.apps import SimpleAdminConfig


class ConsoleConfig(SimpleAdminConfig):
    default_site = "agentx_site.console.ConsoleSite"
