"""Small methods of several classes, called by one loop: tasks hand packets to each other."""


class Packet:
    def __init__(self, after, kind, number):
        self.after, self.kind, self.number = after, kind, number


class Task:
    def __init__(self, name):
        self.name, self.queue, self.done, self.waiting = name, None, 0, False

    def add(self, packet):
        packet.after = None
        if self.queue is None:
            self.queue = packet
        else:
            last = self.queue
            while last.after is not None:
                last = last.after
            last.after = packet

    def take(self):
        packet = self.queue
        if packet is not None:
            self.queue = packet.after
            self.done += 1
        return packet


class Worker(Task):
    def work(self, packet, others):
        packet.number = (packet.number * 31 + self.name) % 997
        others[packet.number % len(others)].add(packet)


class Device(Task):
    def work(self, packet, others):
        packet.kind ^= 1
        self.waiting = not self.waiting
        others[0 if packet.kind else 1].add(packet)


def run(tasks, turns):
    for _ in range(turns):
        for task in tasks:
            packet = task.take()
            if packet is not None:
                task.work(packet, tasks)
    return sum(task.done * (k + 1) for k, task in enumerate(tasks))


tasks = [Worker(1), Worker(2), Device(3), Device(4), Worker(5)]
for number in range(6):
    tasks[number % 5].add(Packet(None, number & 1, number))
print([run(tasks, 20_000) for _ in range(15)][-1])
