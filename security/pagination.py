"""Lists come newest first in pages by cursor: stable while rows arrive, and as cheap on page 1,000 as on page 1."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """`?page_size=` 1 to 200 (default 50), `?cursor=`; answers `{next, previous, results}`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering: tuple[str, ...] = ("-created", "-id")


class ByTime(NewestFirst):
    """For rows whose moment is called `time`."""

    ordering = ("-time", "-id")


class ByName(NewestFirst):
    """For the short lists that people read by name."""

    ordering = ("name",)


class ByUsername(NewestFirst):
    ordering = ("username",)


class BySlug(NewestFirst):
    ordering = ("slug",)


class ByUpdate(NewestFirst):
    """For rows that come up again when they change."""

    ordering = ("-updated", "-id")
