# command: -c "def f(x):\n    return [1 / n for n in x]\nprint(f([1]))\nexec('f([0])')"
