import warnings
for s in ["x is 1", 'x is "thing"', "1 is x", "x is y is 1", "x is not 1", "x is not (1, 2)", "(1, 2) is not x", "None is 1", "1 is None", "x == 3 is y"]:
  for mode in ("always", "error"):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter(mode, SyntaxWarning)
        try: compile(s, "a", "exec")
        except SyntaxError as e: print(s, e)
    print(s, [str(x.message) for x in w])
