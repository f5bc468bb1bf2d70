"""The site behind the console's pages: theme, sidebar, login."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from security.forms import LoginForm


class ConsoleSite(UnfoldAdminSite):
    """Open to every active user, not to staff alone: what each may see is decided by roles, in selectors."""

    login_form = LoginForm
    # Unknown addresses are a 404 for everybody, not a way to the login page.
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active
