"""Every URL that Django's handler serves; the message path is in `agentx_site.asgi`."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from monitoring import urls as monitoring_urls
from monitoring.exposition import exposition
from plugins_app import urls as plugins_urls
from registry import urls as registry_urls
from routing import urls as routing_urls
from security import urls as security_urls

APPS = (monitoring_urls, routing_urls, plugins_urls, registry_urls, security_urls)
api_patterns = [pattern for app in APPS for pattern in app.api]
page_patterns = [pattern for app in APPS for pattern in app.pages]

handler400 = "security.pages.bad_request"
handler403 = "security.pages.forbidden"
handler404 = "security.pages.not_found"
handler500 = "security.pages.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include(api_patterns)),
    path("metrics", exposition, name="metrics"),
    *page_patterns,
    path("", admin.site.urls),
]
