"""Console pages: agents, those that live elsewhere, nodes."""
