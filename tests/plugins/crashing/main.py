"""Ends at once, with last words, after some that are no text."""

import sys

sys.stderr.write("a core \0 of bytes\n")
sys.exit("the model is missing")
