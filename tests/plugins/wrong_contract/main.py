"""Speaks a contract of the future."""

import os
import time

os.write(3, b'AGENTX1|9|unix|/tmp/x.sock|grpc||{"launch_id": ""}\n')
time.sleep(600)
