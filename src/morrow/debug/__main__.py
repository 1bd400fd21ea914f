"""``python -m morrow.debug --attach PID``: the same as ``morrow -m pdb --attach PID``."""

import sys

from morrow.debug.terminal import main

sys.exit(main())
