x = None
y = (
    1
    # the sum
    + x \
    * 2
)
