"""Lists come newest first in pages by cursor: stable while rows arrive, and as cheap on page 1,000 as on page 1."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """`?page_size=` 1 to 200 (default 50), `?cursor=`; answers `{next, previous, results}`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = ("-created", "-id")


class ByTime(NewestFirst):
    """For rows whose moment is called `time`."""

    ordering = ("-time", "-id")
