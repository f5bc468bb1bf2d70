"""The management API of plugins, a file per noun."""
