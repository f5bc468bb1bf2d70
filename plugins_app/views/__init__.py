"""Console pages of plugins, a file per noun."""
