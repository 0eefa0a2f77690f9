"""fork from a threaded process, subprocess, multiprocessing with shared queues and memory."""

import multiprocessing
import os
import subprocess
import sys
import threading
from multiprocessing import shared_memory


def fork_while_threads_allocate():
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            _ = [bytearray(n * 50) for n in range(100)]

    workers = [threading.Thread(target=churn) for _ in range(4)]
    for worker in workers:
        worker.start()
    statuses = []
    for number in range(40):
        child = os.fork()
        if child == 0:
            items = [str(i) * 10 for i in range(2000)]
            inner = threading.Thread(target=lambda: [bytearray(100000) for _ in range(10)])
            inner.start()
            inner.join()
            os._exit(len(items) % 199 + number % 2)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    stop.set()
    for worker in workers:
        worker.join()
    return sorted(set(statuses))


def subprocesses():
    code = "import sys; data = sys.stdin.read(); print(len(data), data[::-1][:10])"
    outputs = []
    for i in range(5):
        done = subprocess.run(
            [sys.executable, "-S", "-c", code],
            input="abc" * (10 ** min(i, 5)),
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(done.stdout.strip())
    return outputs


def square_sum(limit):
    return sum(number * number for number in range(limit))


def worker_pool():
    with multiprocessing.get_context("fork").Pool(3) as pool:
        return sum(pool.imap_unordered(square_sum, range(0, 6000, 20), chunksize=7))


def shared_block():
    block = shared_memory.SharedMemory(create=True, size=1 << 20)
    try:
        def fill(start):
            for i in range(start, block.size, 4096):
                block.buf[i] = i % 251

        child = multiprocessing.get_context("fork").Process(target=fill, args=(7,))
        child.start()
        child.join()
        return child.exitcode, sum(block.buf[i] for i in range(7, block.size, 4096))
    finally:
        block.close()
        block.unlink()


if __name__ == "__main__":
    for work in (fork_while_threads_allocate, subprocesses, worker_pool, shared_block):
        print(work.__name__, work(), flush=True)
