"""Writes something else where the handshake belongs."""

import os
import time

os.write(3, b"Welcome to my framework!\n")
time.sleep(600)
