for source in (b"# coding: rot13\nx\n", b"# coding: undefined\nx\n", b"# coding: zlib\nt'1'\n", b"# coding: ascii\nx = '\xc3'\n", b"# \xe9\0"):
    for name in ("compile(source, 'text', 'exec')", "exec(source)", "eval(source)"):
        try:
            eval(name)
        except SyntaxError as error:
            print(error.msg, error.filename, error.lineno, error.offset, error.__context__)
