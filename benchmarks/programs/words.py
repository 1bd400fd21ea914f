"""Strings and dictionaries: count words, join and split, format."""


def count(words, times):
    seen = {}
    for turn in range(times):
        for word in words:
            seen[word] = seen.get(word, 0) + turn
            if word.startswith("w1"):
                seen["ones"] = seen.get("ones", 0) + len(word)
    return seen


def report(seen):
    lines = [f"{word:>8}: {number}" for word, number in sorted(seen.items())]
    return sum(len(part) for line in lines for part in line.split())


words = [f"w{number}" for number in range(300)]
print([report(count(words, 120)) for _ in range(18)][-1])
