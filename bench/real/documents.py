"""JSON documents read, changed and written."""

import json
import random
import sys


def document(rng, number):
    return {
        "id": number,
        "name": "".join(rng.choice("abcdefghij") for _ in range(rng.randrange(5, 60))),
        "tags": [f"tag{rng.randrange(100)}" for _ in range(rng.randrange(10))],
        "position": {"x": rng.random(), "y": rng.random()},
        "text": "lorem ipsum " * rng.randrange(40),
    }


def main():
    count, rounds = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(1)
    text = json.dumps([document(rng, i) for i in range(count)])
    for turn in range(rounds):
        documents = json.loads(text)
        for entry in documents:
            entry["turn"] = turn
        text = json.dumps(documents)
    print(len(text), sum(map(ord, text[::1000])))


main()
