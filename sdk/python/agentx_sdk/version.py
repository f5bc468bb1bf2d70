"""The SDK's version, and the versions of the contract it speaks."""

VERSION = "0.1.0"
SDK = f"python-{VERSION}"
CONTRACTS = (1,)
