"""A session with a live process, and its faces: pdb in a terminal, the Debug Adapter Protocol in an editor."""
