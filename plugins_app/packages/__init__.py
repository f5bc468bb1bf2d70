"""Packages: how a plugin is packed, checked, signed and ordered by version. No rows, no network."""
