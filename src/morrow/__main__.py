"""``python -m morrow`` is ``morrow``; so is running this file by its path, which works wherever it is started."""

if __name__ == "__main__":
    if not __package__:
        # Run by path, by a morrow that restarts the host or starts a child: sys.path need not lead here.
        import os.path
        import sys

        sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        import morrow
        import morrow_runtime

        del sys.path[0]
    from morrow.cli import main

    main()
