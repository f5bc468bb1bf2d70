"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from plugins_app.api import config as rest_config
from plugins_app.api import installation as rest_installation
from plugins_app.api import joining as rest_joining
from plugins_app.api import logs as rest_logs
from plugins_app.api import market as rest_market
from plugins_app.api import operation as rest_operation
from plugins_app.api import plugins as rest
from plugins_app.api import releases as rest_releases
from plugins_app.api import secrets as rest_secrets
from plugins_app.views import (
    config,
    events,
    isolation,
    joining,
    logs,
    market,
    operation,
    plugins,
    releases,
    scaling,
    trust,
)

pages: list[URLPattern] = [
    path("plugins/", plugins.plugins, name="page-plugins"),
    path("plugins/<slug:slug>/", plugins.plugin, name="page-plugin"),
    path("plugins/<slug:slug>/processes/", plugins.processes, name="page-plugin-processes"),
    path("plugins/<slug:slug>/logs/", logs.logs, name="page-plugin-logs"),
    path("plugins/<slug:slug>/logs/download/", logs.download, name="page-plugin-logs-download"),
    path("plugins/<slug:slug>/events/", events.events, name="page-plugin-events"),
    path("plugins/<slug:slug>/isolation/", isolation.isolated, name="page-plugin-isolation"),
    path("plugins/<slug:slug>/releases/", releases.releases, name="page-plugin-releases"),
    path("plugins/<slug:slug>/upgrade/", releases.upgrade, name="page-plugin-upgrade"),
    path(
        "plugins/<slug:slug>/releases/<uuid:release>/upgrade/",
        releases.upgrade,
        name="page-release-upgrade",
    ),
    path(
        "plugins/<slug:slug>/releases/<uuid:release>/rollback/",
        releases.rollback,
        name="page-release-rollback",
    ),
    path(
        "plugins/<slug:slug>/releases/<uuid:release>/remove/",
        releases.remove,
        name="page-release-remove",
    ),
    path("plugins/<slug:slug>/restart/", plugins.restart, name="page-plugin-restart"),
    path("plugins/<slug:slug>/scale/", plugins.scale, name="page-plugin-scale"),
    path("plugins/<slug:slug>/uninstall/", releases.uninstall, name="page-plugin-uninstall"),
    path("plugins/<slug:slug>/reload/", operation.reload, name="page-plugin-reload"),
    path("plugins/<slug:slug>/standby/", operation.standby, name="page-plugin-standby"),
    path("plugins/<slug:slug>/hosts/", operation.hosts, name="page-plugin-hosts"),
    path("plugins/<slug:slug>/detach/", operation.detach, name="page-plugin-detach"),
    path("plugins/<slug:slug>/configure/", config.configure, name="page-plugin-configure"),
    path("plugins/<slug:slug>/configure/export/", config.export, name="page-config-export"),
    path("plugins/<slug:slug>/configure/secret/", config.set_secret, name="page-secret-set"),
    path(
        "plugins/<slug:slug>/configure/secret/remove/",
        config.remove_secret,
        name="page-secret-remove",
    ),
    path(
        "plugins/<slug:slug>/configure/<int:number>/", config.revision, name="page-config-revision"
    ),
    path(
        "plugins/<slug:slug>/configure/<int:number>/restore/",
        config.restore,
        name="page-config-restore",
    ),
    path("plugins/<slug:slug>/<slug:verb>/", plugins.operate, name="page-plugin-operate"),
    path("join-tokens/", joining.join_tokens, name="page-join-tokens"),
    path("join-tokens/<uuid:token_id>/revoke/", joining.revoke, name="page-join-token-revoke"),
    path("joined/<uuid:instance_id>/dismiss/", joining.dismiss, name="page-joined-dismiss"),
    path("catalogue/", market.catalogue, name="page-catalogue"),
    path("catalogue/<slug:name>/", market.package, name="page-package"),
    path("catalogue/<slug:name>/rate/", market.rate, name="page-package-rate"),
    path("catalogue/<slug:name>/<str:version>/yank/", market.yank, name="page-package-yank"),
    path("catalogue/<slug:name>/<str:version>/unyank/", market.unyank, name="page-package-unyank"),
    path("packages/install/", market.install, name="page-package-install"),
    path("packages/upload/", trust.upload, name="page-package-upload"),
    path("packages/reviews/", trust.queue, name="page-reviews"),
    path("packages/<uuid:package_id>/review/", trust.review, name="page-package-review"),
    path("publishers/", trust.publishers, name="page-publishers"),
    path("publishers/<uuid:key_id>/revoke/", trust.revoke, name="page-publisher-revoke"),
    path("autoscaling/", scaling.autoscaling, name="page-scaling"),
    path("autoscaling/<slug:slug>/", scaling.policy, name="page-policy"),
]
api: list[URLPattern] = [
    path("plugins", rest.Plugins.as_view()),
    path("plugins/load", rest_installation.PluginLoad.as_view()),
    path("plugins/<str:ref>", rest.PluginDetail.as_view()),
    path("plugins/<str:ref>/start", rest.PluginStart.as_view()),
    path("plugins/<str:ref>/stop", rest.PluginStop.as_view()),
    path("plugins/<str:ref>/pause", rest.PluginPause.as_view()),
    path("plugins/<str:ref>/resume", rest.PluginResume.as_view()),
    path("plugins/<str:ref>/restart", rest.PluginRestart.as_view()),
    path("plugins/<str:ref>/scale", rest.PluginScale.as_view()),
    path("plugins/<str:ref>/reload", rest_operation.PluginReload.as_view()),
    path("plugins/<str:ref>/standby", rest_operation.PluginStandby.as_view()),
    path("plugins/<str:ref>/hosts", rest_operation.PluginHosts.as_view()),
    path("plugins/<str:ref>/attachment", rest_operation.PluginAttachment.as_view()),
    path("plugins/<str:ref>/config", rest_config.PluginConfig.as_view()),
    path("plugins/<str:ref>/config/check", rest_config.PluginConfigCheck.as_view()),
    path("plugins/<str:ref>/config/restore", rest_config.PluginConfigRestore.as_view()),
    path("plugins/<str:ref>/config/revisions", rest_config.PluginRevisions.as_view()),
    path("plugins/<str:ref>/config/revisions/<int:number>", rest_config.PluginRevision.as_view()),
    path("plugins/<str:ref>/secrets", rest_secrets.PluginSecrets.as_view()),
    path("plugins/<str:ref>/secrets/<str:name>", rest_secrets.PluginSecretDetail.as_view()),
    path("plugins/<str:ref>/releases", rest_releases.PluginReleases.as_view()),
    path("plugins/<str:ref>/releases/<str:which>", rest_releases.PluginReleaseDetail.as_view()),
    path("plugins/<str:ref>/upgrade", rest_releases.PluginUpgrade.as_view()),
    path("plugins/<str:ref>/rollback", rest_releases.PluginRollback.as_view()),
    path("plugins/<str:ref>/logs", rest_logs.PluginLogs.as_view()),
    path("plugins/<str:ref>/events", rest.PluginEvents.as_view()),
    path("join-tokens", rest_joining.JoinTokens.as_view()),
    path("join-tokens/<uuid:token_id>", rest_joining.JoinTokenDetail.as_view()),
    path("joined", rest_joining.Joined.as_view()),
    path("joined/<uuid:instance_id>/dismiss", rest_joining.JoinedDismiss.as_view()),
    path("market", rest_market.Market.as_view()),
    path("market/index.json", rest_market.MarketIndex.as_view()),
    path("market/<slug:name>", rest_market.MarketPackage.as_view()),
    path("market/<slug:name>/ratings", rest_market.MarketRatings.as_view()),
    path("market/<slug:name>/<str:version>/download", rest_market.MarketDownload.as_view()),
    path("market/<slug:name>/<str:version>/yank", rest_market.MarketYank.as_view()),
    path("market/<slug:name>/<str:version>/unyank", rest_market.MarketUnyank.as_view()),
    path("packages/reviews", rest_market.ReviewQueue.as_view()),
    path("packages/<uuid:package_id>/review", rest_market.PackageReviewed.as_view()),
    path("publisher-keys", rest_market.PublisherKeys.as_view()),
    path("publisher-keys/<uuid:key_id>/revoke", rest_market.PublisherKeyRevoke.as_view()),
    path("registries", rest_market.Registries.as_view()),
    path("registries/<str:registry>/packages", rest_market.RegistryPackages.as_view()),
]
