"""`python -m agentx_site.up`."""

import sys

from agentx_site.up.main import main

if __name__ == "__main__":
    sys.exit(main())
