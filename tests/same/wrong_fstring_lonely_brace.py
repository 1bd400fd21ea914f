print(f'100 }')
