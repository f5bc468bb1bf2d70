"""Generated wire types: the same as the core has, under a name that meets no other package."""
