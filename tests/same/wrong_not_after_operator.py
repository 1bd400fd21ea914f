print(3 + not 4)
