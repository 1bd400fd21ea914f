class Node:
    value: int
    next: Node | None = None
    children: list[Node]
print(Node.__annotations__, Node.next)
