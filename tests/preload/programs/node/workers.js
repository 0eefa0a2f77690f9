// 40 worker threads, each an engine of its own, that hand over buffers; a thread pool beside them.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { promisify } = require('util');
const zlib = require('zlib');

async function workerMain() {
    const items = Array.from({ length: 2000 }, (_, i) => ({ i, text: 'y'.repeat(i % 50) }));
    const buffer = new ArrayBuffer(100000 + workerData * 1000);
    new Uint8Array(buffer).fill(workerData);
    parentPort.postMessage({ number: workerData, sum: items.length, buffer }, [buffer]);
}

function runWorker(number) {
    return new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { workerData: number });
        let answer;
        worker.on('message', message => { answer = message; });
        worker.on('error', reject);
        worker.on('exit', () => resolve(answer));
    });
}

async function main() {
    let bytes = 0;
    let sum = 0;
    for (let start = 0; start < 40; start += 8) {
        const answers = await Promise.all(
            Array.from({ length: 8 }, (_, i) => runWorker(start + i)));
        for (const answer of answers) {
            bytes += answer.buffer.byteLength;
            sum += new Uint8Array(answer.buffer)[99] * answer.sum;
        }
    }
    console.log('workers', bytes, sum);

    const deflate = promisify(zlib.deflate);
    const inflate = promisify(zlib.inflate);
    const sizes = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
        const data = Buffer.alloc(50000 + i * 100, 'text' + i);
        return (await inflate(await deflate(data))).equals(data) ? data.length : -1;
    }));
    console.log('pool', sizes.reduce((a, b) => a + b));

    // Ended while it works.
    const endless = new Worker('for (;;) Buffer.alloc(100000)', { eval: true });
    endless.on('online', () => setTimeout(() => endless.terminate(), 50));
    endless.on('exit', code => console.log('terminated', code));
}

if (isMainThread)
    main();
else
    workerMain();
