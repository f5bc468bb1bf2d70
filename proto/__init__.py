"""Generated wire types. `make proto` writes them; only the gRPC clients of the core import them."""
