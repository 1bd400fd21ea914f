"""``-m asyncio`` as in CPython 3.14: a prompt beside a running event loop."""

if __name__ == "__main__":
    from morrow.repl.beside_loop import main

    main(globals())
