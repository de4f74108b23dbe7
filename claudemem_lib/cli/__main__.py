"""`python -m claudemem_lib.cli`."""

from claudemem_lib.cli import main

main()
