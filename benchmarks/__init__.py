"""Measurements with figures that can be repeated: `make bench`."""
