"""The long-lived MCP server that is also the worker, and the relay between a host's stdio and its socket."""
