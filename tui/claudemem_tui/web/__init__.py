"""The interface in a browser on this machine: one app process a page, behind a token."""
