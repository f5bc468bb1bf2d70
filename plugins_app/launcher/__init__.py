"""The program that becomes a plugin, after it has put around itself what must not be put around us.

Only the standard library: it runs as `python -I -S <PROGRAM> <JSON>`, once for every process that is started.
"""

PROGRAM = __file__.replace("__init__.py", "__main__.py")
PROBE = __file__.replace("__init__.py", "probe.py")  # what of it this machine has; prints JSON
