"""The bundled plugins around a framework, with the real frameworks."""
