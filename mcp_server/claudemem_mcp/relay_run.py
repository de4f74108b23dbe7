import sys

_here = __file__.replace("\\", "/").rpartition("/")[0]
sys.path[:0] = [_here + "/..", _here + "/../.."]
from claudemem_mcp.relay import main  # noqa: E402  # the path has to be set first

main()
