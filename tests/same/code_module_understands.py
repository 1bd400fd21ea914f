import code
i = code.InteractiveInterpreter({})
print(i.runsource("def f[T](x):"), i.runsource("print(t'{1}'.values)"), i.runsource("type X = int"))
