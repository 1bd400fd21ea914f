print(t'hello {}')
