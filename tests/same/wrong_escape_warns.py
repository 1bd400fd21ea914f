print('\d')
print('done')
