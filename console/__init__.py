"""The terminal console: screens and the command line, over `core.client`."""
