"""What surrounds a plugin process: what this machine can enforce, and what a plugin's trust asks for."""

from plugins_app.isolation.machine import Machine, machine
from plugins_app.isolation.profiles import Confinement, Measure, confinement

__all__ = ["Confinement", "Machine", "Measure", "confinement", "machine"]
