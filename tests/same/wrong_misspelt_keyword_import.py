improt os
print(os.name)
