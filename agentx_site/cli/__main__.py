"""`python -m agentx_site.cli`."""

from agentx_site.cli.root import main

if __name__ == "__main__":
    main()
