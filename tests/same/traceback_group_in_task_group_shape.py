def job(n):
    if n % 2: raise ValueError(f"job {n}")
    return 1 / n
errors = []
for n in range(3):
    try: job(n)
    except Exception as error:
        error.add_note(f"while running job {n}")
        errors.append(error)
raise BaseExceptionGroup("jobs failed", [*errors, KeyboardInterrupt()])
