"""Threads that hand objects to each other, come and go, and outlive the main thread's work."""

import concurrent.futures
import hashlib
import queue
import threading
import zlib


def producers_and_consumers():
    channel = queue.Queue(maxsize=64)
    results = queue.Queue()

    def produce(seed):
        for i in range(400):
            channel.put(bytes([(seed * i) % 256]) * ((i * 37) % 20000))
        channel.put(None)

    def consume():
        total = 0
        while (block := channel.get()) is not None:
            total += zlib.crc32(block) + len(block)
        results.put(total)

    workers = [threading.Thread(target=produce, args=(seed,)) for seed in range(4)]
    workers += [threading.Thread(target=consume) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(results.get() for _ in range(4))


def many_short_threads():
    done = []
    lock = threading.Lock()

    def work(number):
        local = threading.local()
        local.items = [str(number)] * 50
        with lock:
            done.append(len("".join(local.items)))

    for batch in range(40):
        workers = [threading.Thread(target=work, args=(batch * 20 + i,)) for i in range(20)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return len(done), sum(done)


def pool_without_the_lock():
    """Compression and hashing release the interpreter's lock: real parallel allocation."""

    def work(number):
        data = bytes(range(256)) * (40 + number)
        packed = zlib.compress(data, 9)
        return hashlib.sha256(zlib.decompress(packed)).hexdigest()

    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        return hashlib.md5("".join(pool.map(work, range(200))).encode()).hexdigest()


print(producers_and_consumers())
print(many_short_threads())
print(pool_without_the_lock())

# Still allocating while the interpreter shuts down.
stop = threading.Event()
background = threading.Thread(
    target=lambda: [bytearray(5000) for _ in iter(stop.is_set, True)], daemon=True
)
background.start()
print("end")
