"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from security import api as rest
from security import views

pages: list[URLPattern] = [
    path("audit/", views.audit, name="page-audit"),
    path("keys/", views.keys, name="page-keys"),
    path("keys/<uuid:key_id>/revoke/", views.revoke_key, name="page-key-revoke"),
    path("users/", views.users, name="page-users"),
    path("users/<str:username>/role/", views.change_role, name="page-user-role"),
    path("users/<str:username>/enable/", views.let_in, name="page-user-enable"),
    path("users/<str:username>/disable/", views.lock_out, name="page-user-disable"),
]
api: list[URLPattern] = [
    path("me", rest.Me.as_view()),
    path("keys", rest.Keys.as_view()),
    path("keys/<uuid:key_id>", rest.Key.as_view()),
    path("users", rest.Users.as_view()),
    path("users/<str:username>/role", rest.UserRole.as_view()),
    path("users/<str:username>/enable", rest.UserEnable.as_view()),
    path("users/<str:username>/disable", rest.UserDisable.as_view()),
    path("roles", rest.Roles.as_view()),
    path("audit", rest.Audit.as_view()),
]
