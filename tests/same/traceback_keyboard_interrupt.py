def wait():
    for n in range(3):
        if n == 2:
            raise KeyboardInterrupt
wait()
