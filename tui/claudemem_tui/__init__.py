"""The terminal interface: browse, correct, configure and watch the memory. Everything through the library's verbs."""
