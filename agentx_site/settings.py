"""Django's settings, all in one place, read from the environment (docs/reference/settings.md)."""

import hashlib
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from agentx_site import env

VERSION = "0.1.0"
BASE_DIR = Path(__file__).resolve().parent.parent
AGENTX_HOME = Path(
    env.text("AGENTX_HOME", str(BASE_DIR / ".agentx"), "Where AgentX keeps everything it writes.")
).resolve()
_HOME_MARK = hashlib.sha256(str(AGENTX_HOME).encode()).hexdigest()[:8]
RUNTIME_DIR = Path(
    env.text(
        "AGENTX_RUNTIME_DIR",
        f"{tempfile.gettempdir()}/agentx-{os.geteuid()}-{_HOME_MARK}",
        "For sockets, whose paths must be short. `agentx up` chooses it.",
    )
)

SECRET_KEY = env.text(
    "AGENTX_SECRET_KEY", "", "Signs sessions and launch tokens. `agentx up` makes one and keeps it."
)
SECRET_KEY_FALLBACKS = env.names(
    "AGENTX_OLD_SECRET_KEYS", "", "Former values of AGENTX_SECRET_KEY, still good for reading."
)
DEBUG = env.flag("AGENTX_DEBUG", False, "Django's debug pages. Never where others can reach it.")
AGENTX_HOST = env.text("AGENTX_HOST", "127.0.0.1", "The address the web server listens on.")
LOCAL_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104 - names
AGENTX_PORT = env.number("AGENTX_PORT", 8000, "The port of the web server.")
AGENTX_GRPC_PORT = env.number("AGENTX_GRPC_PORT", 50051, "The port of the gRPC gateway.")
JOIN_PORT = env.number(
    "AGENTX_JOIN_PORT",
    0,
    "The port of the gateway at which plugin processes from elsewhere join; they attend at the next one. 0: none.",
)
PUBLIC_URL = env.text(
    "AGENTX_PUBLIC_URL",
    f"http://{AGENTX_HOST}:{AGENTX_PORT}",
    "How callers reach AgentX; stands in every agent card.",
).rstrip("/")
INTERNAL_URL = env.text(
    "AGENTX_INTERNAL_URL",
    f"http://{LOCAL_HOSTS.get(AGENTX_HOST, AGENTX_HOST)}:{AGENTX_PORT}",
    "Where plugin processes reach AgentX when their agents call other agents. To be set where nodes are other machines.",
).rstrip("/")
MAX_HOPS = env.number(
    "AGENTX_MAX_HOPS",
    10,
    "How many agents may ask one another in a row: what goes in circles ends here. At most 32.",
    most=32,  # their names travel in each turn's token, which has to stay short
)
MEMORY_DAYS = env.number(
    "AGENTX_MEMORY_DAYS",
    30,
    "What agents remember of a conversation is forgotten when nobody has gone on with it for so long. 0: never.",
)
GRPC_PUBLIC = env.text(
    "AGENTX_GRPC_PUBLIC",
    f"{urlsplit(PUBLIC_URL).hostname or AGENTX_HOST}:{AGENTX_GRPC_PORT}",
    "host:port by which callers reach the gRPC gateway; stands in every agent card. Empty: not told.",
)
CERTIFICATE_SECONDS = env.number(
    "AGENTX_CERTIFICATE_SECONDS",
    86_400,
    "How long the certificates of plugin processes and of AgentX to them are good; renewed after two thirds.",
)
JOIN_PUBLIC = env.text(
    "AGENTX_JOIN_PUBLIC",
    f"{urlsplit(PUBLIC_URL).hostname or AGENTX_HOST}:{JOIN_PORT}",
    "host:port at which plugin processes from elsewhere reach AGENTX_JOIN_PORT; stands in the command they are given.",
)
NODE_NAME = env.text("AGENTX_NODE_NAME", "local", "This machine's name among the nodes.")
WEBHOOK_ALLOW = env.names(
    "AGENTX_WEBHOOK_ALLOW",
    "",
    "CIDRs and hosts that webhooks and remote agents may reach although they are private.",
)
METRICS_ALLOW = env.names(
    "AGENTX_METRICS_ALLOW",
    "127.0.0.0/8,::1/128",
    "Networks that may scrape /metrics without a key. Through a proxy a key is always needed.",
)
DEMO = env.flag("AGENTX_DEMO", True, "Install and start the bundled plugins on the first run.")
DEFAULT_MODEL_URL = env.text(
    "AGENTX_MODEL_URL",
    "",
    "The OpenAI-compatible endpoint (such as https://api.openai.com/v1) of the model that plugins use which name none.",
)
DEFAULT_MODEL_NAME = env.text("AGENTX_MODEL_NAME", "", "The name of that model at its endpoint.")
DEFAULT_MODEL_KEY = env.text("AGENTX_MODEL_KEY", "", "The API key of that endpoint.")
DEMO_MODEL = env.flag(
    "AGENTX_DEMO_MODEL",
    False,
    "That model is the built-in one, whose answers are made up. `agentx up` says so when it starts it.",
)
DEFAULT_AGENT = env.text(
    "AGENTX_DEFAULT_AGENT",
    "echo",
    "The agent that answers at the front door, /a2a/router/, whose card is AgentX's own.",
)
PLUGIN_ENVIRONMENT = env.names(
    "AGENTX_PLUGIN_ENVIRONMENT",
    "",
    "Variables of this environment that a plugin.yaml may name in its `environment`.",
)
PLUGIN_REGISTRIES = env.names(
    "AGENTX_PLUGIN_REGISTRIES",
    "",
    "Other registries of plugins, each `[NAME=]FOLDER`, or `[NAME=]URL [API KEY]` of a static folder on a web server "
    "or of another AgentX (https://…/api/v1/market). Private addresses must be in AGENTX_WEBHOOK_ALLOW too.",
)
PREPARATION_SECONDS = env.number(
    "AGENTX_PREPARATION_SECONDS",
    600,
    "How long one step of making a plugin's environment may take.",
)
KEPT_RELEASES = env.number(
    "AGENTX_KEPT_RELEASES",
    5,
    "Releases of a plugin that are kept, the newest. Those in use, and the last good one, always are.",
)
ALLOWED_HOSTS = env.names(
    "AGENTX_ALLOWED_HOSTS",
    "",
    "Host names that requests may ask for. Empty: this machine's own and AGENTX_PUBLIC_URL's while "
    "AGENTX_HOST is a loopback address, so that no web page can reach in by a name of its own; else any.",
)
if not ALLOWED_HOSTS and AGENTX_HOST in {"127.0.0.1", "::1", "localhost"}:
    ALLOWED_HOSTS = ["localhost", ".localhost", "127.0.0.1", "[::1]", "0.0.0.0"]  # noqa: S104 - a name, not an address to bind
    ALLOWED_HOSTS += [host] if (host := urlsplit(PUBLIC_URL).hostname) else []
ALLOWED_HOSTS = ALLOWED_HOSTS or ["*"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

REDIS_URL = env.text(
    "REDIS_URL", "redis://127.0.0.1:6379/0", "Redis or Valkey. `agentx up` starts its own if unset."
)
DATABASES: dict[str, Any] = {
    "default": env.database(
        "DATABASE_URL", "PostgreSQL 15 or newer. `agentx up` starts its own if unset."
    )
}
if POOL := env.number(
    "AGENTX_DATABASE_POOL", 8, "Connections one process may hold for the ORM; 0: no pool."
):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 0, "max_size": POOL, "timeout": 10}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "security.User"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "agentx_site.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    "agentx_site",
    "security",
    "registry",
    "plugins_app",
    "routing",
    "monitoring",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "security.middleware.RequestContextMiddleware",
    "security.middleware.HarmlessMiddleware",
    "security.middleware.EitherSpellingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "agentx_site.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "agentx_site.urls"
ASGI_APPLICATION = "agentx_site.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = (
    env.text(
        "AGENTX_STATIC_ROOT",
        "",
        "Where collectstatic gathers files, for a web server in front. Empty: served as installed.",
    )
    or None
)
# ECharts comes in a wheel, of which only the file is taken: no request ever leaves this host.
_ECHARTS = find_spec("instaui_echarts")
assert _ECHARTS is not None and _ECHARTS.origin is not None, "uv sync installs instaui-echarts"
STATICFILES_DIRS = [BASE_DIR / "static", ("echarts", Path(_ECHARTS.origin).parent / "static")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Serve straight from the packages: no collectstatic between a clone and a first page.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/login/"
CSRF_FAILURE_VIEW = "security.pages.csrf_failed"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# The API refuses larger bodies before it reads them; 16 MB is also the plugin contract's limit.
MAX_BODY_BYTES = 16 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
# A package of 64 MiB with what is around it, where packages are taken, of callers who at least say who they are.
MAX_UPLOAD_BYTES = 65 * 1024 * 1024
UPLOAD_PATHS = frozenset({"/api/v1/plugins/load", "/api/v1/market", "/packages/upload/"})

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "agentx"},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 120, "socket_keepalive": True}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "agentx"
# What repeats. Each entry expires before the next is due: a worker that was away does not catch up.
CELERY_BEAT_SCHEDULE = {
    "sample": {"task": "monitoring.sample", "schedule": 2.0, "options": {"expires": 2}},
    "evaluate-alerts": {
        "task": "monitoring.evaluate_alerts",
        "schedule": 3.0,
        "options": {"expires": 3},
    },
    "notify": {"task": "monitoring.notify", "schedule": 5.0, "options": {"expires": 5}},
    "prune": {"task": "monitoring.prune", "schedule": 600.0, "options": {"expires": 600}},
    "autoscale": {"task": "plugins_app.autoscale", "schedule": 3.0, "options": {"expires": 3}},
    "place": {"task": "plugins_app.place", "schedule": 5.0, "options": {"expires": 5}},
    "forget-releases": {
        "task": "plugins_app.forget_releases",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "watch-nodes": {"task": "plugins_app.watch_nodes", "schedule": 5.0, "options": {"expires": 5}},
    "look-at-upstreams": {
        "task": "registry.look_at_upstreams",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "deliver-push": {
        "task": "routing.deliver_push",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "prune-memories": {
        "task": "routing.prune_memories",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "prune-push": {
        "task": "routing.prune_push",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget-messages": {
        "task": "routing.forget_old_messages",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "end-silent-leases": {
        "task": "registry.end_silent_leases",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "reap-tasks": {"task": "routing.reap_lost_tasks", "schedule": 5.0, "options": {"expires": 5}},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "security.authentication.ApiKeyAuthentication",
        "security.authentication.ConsoleSessionAuthentication",
    ],
    # Rights are checked once, in services and selectors; a view without a principal cannot call them.
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["security.parsers.StrictJsonParser"],
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS tells nobody anything
    "DEFAULT_PAGINATION_CLASS": "security.pagination.NewestFirst",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "security.problems.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AgentX",
    "DESCRIPTION": "The control plane for AI agents.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["routing.api.with_lane"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "security.schema.with_general_refusals",
        "security.schema.with_summaries",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AgentState": "registry.models.Agent.State",
        "NodeState": "registry.models.Node.State",
        "PluginState": "plugins_app.models.Plugin.State",
        "ProcessState": "plugins_app.models.PluginInstance.State",
        "TaskState": "routing.models.TaskState",
        "PushState": "routing.models.PushDelivery.State",
        "TaskEventKind": "routing.models.TaskEvent.Kind",
        "PluginKind": "plugins_app.models.Plugin.Kind",
        "AlertState": "monitoring.models.Alert.State",
        "Trust": "registry.models.Trust",
        "ChangeKind": ("added", "removed", "changed"),
        "AgentSource": "registry.models.Agent.Source",
        "ReleaseSource": "plugins_app.models.PluginRelease.Source",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOG_LEVEL = env.text("AGENTX_LOG_LEVEL", "INFO", "How much is logged: DEBUG to CRITICAL.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "agentx_site.logging.JsonFormatter"}},
    "filters": {"context": {"()": "agentx_site.logging.ContextFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["context"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        # A message it puts back when the worker ends: nothing is lost, and nobody can do anything about it.
        "kombu.transport.virtual.base": {"level": "ERROR"},
        "daphne": {"level": "WARNING"},
        # Many lines a second while Postgres is away; whoever needs it says so once.
        "psycopg.pool": {"level": "ERROR"},
    },
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "AgentX",
    "SITE_HEADER": "AgentX",
    "SITE_SUBHEADER": _("Control plane for AI agents"),
    "SITE_URL": "",
    "SITE_SYMBOL": "hub",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("console/icon.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "#eef4ff",
            "100": "#dfe9ff",
            "200": "#c5d6ff",
            "300": "#a2baff",
            "400": "#7d95fb",
            "500": "#5f70f3",
            "600": "#4a50e6",
            "700": "#3d3fcb",
            "800": "#3436a4",
            "900": "#303481",
            "950": "#1c1d4b",
        }
    },
    "STYLES": [lambda request: static("console/console.css")],
    "SIDEBAR": {"show_search": False, "navigation": "monitoring.navigation.sidebar"},
}
