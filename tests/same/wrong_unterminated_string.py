print('before')
print('it's here')
