type \
    X \
    = int
type Y[T,
       U] = dict[T,
                 U]
print(X.__value__, Y.__value__)
