"""The core's side of the plugin contract: nothing else in plugins_app speaks gRPC."""
