items = ["a", "b"]
print(f"{"\t".join(items)} {
    len(items)  # how many
}")
