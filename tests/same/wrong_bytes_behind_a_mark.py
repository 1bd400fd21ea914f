x = 'abcÿ'
