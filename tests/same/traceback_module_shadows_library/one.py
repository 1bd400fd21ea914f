"""Is asked for a name while it is being imported."""

import one

one.later
later = 1
