match 1:
    case x:
        print('any')
    case 1:
        print('one')
