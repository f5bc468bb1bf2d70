"""The site behind the console's pages: theme, sidebar, login."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.sites import UnfoldAdminSite

from security.forms import LoginForm
from security.services import forget_sessions


class ConsoleSite(UnfoldAdminSite):
    """Open to every active user, not to staff alone: what each may see is decided by roles, in selectors."""

    login_form = LoginForm
    # Unknown addresses are a 404 for everybody, not a way to the login page.
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form again with 429 for who has guessed too often."""
        response: HttpResponse = super().login(request, extra_context)
        told = response.context_data if isinstance(response, TemplateResponse) else None
        form = told and told.get("form")
        if isinstance(form, LoginForm) and form.throttled:
            response.status_code = 429
            response["Retry-After"] = str(form.throttled.details["retry_after"])
        return response

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().logout(request, extra_context)
        forget_sessions()
        return response

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new password ends the sessions that the old one began."""
        response: HttpResponse = super().password_change(request, extra_context)
        forget_sessions()
        return response
