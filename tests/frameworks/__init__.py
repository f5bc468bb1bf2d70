"""Each framework as it is: its own environment, its own process, the model stub in place of a provider."""
