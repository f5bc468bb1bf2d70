"""Ends at once, with last words."""

import sys

sys.exit("the model is missing")
