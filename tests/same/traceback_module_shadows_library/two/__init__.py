"""A package asked for a name while it is being imported."""

import two

two.later
later = 1
