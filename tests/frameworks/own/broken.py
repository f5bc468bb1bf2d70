"""What an author's file may be like."""

import a_library_that_is_not_installed  # noqa: F401
