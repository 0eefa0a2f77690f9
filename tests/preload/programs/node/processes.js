// Child processes and a server with its clients on the loopback interface.
'use strict';
const { spawnSync, fork } = require('child_process');
const http = require('http');

if (process.send) {
    process.on('message', message => {
        process.send({ length: JSON.stringify(message).length });
        process.disconnect();
    });
} else {
    const done = spawnSync(process.execPath, ['-e', 'console.log("z".repeat(70000).length)']);
    console.log('spawned', done.status, done.stdout.toString().trim());

    const child = fork(__filename);
    child.on('message', message => console.log('forked', message.length));
    child.on('exit', () => serve());
    child.send({ list: Array.from({ length: 5000 }, (_, i) => 'item ' + i) });
}

function serve() {
    const server = http.createServer((request, response) => {
        const chunks = [];
        request.on('data', chunk => chunks.push(chunk));
        request.on('end', () => response.end(Buffer.concat(chunks).reverse()));
    });
    server.listen(0, '127.0.0.1', async () => {
        const { port } = server.address();
        let total = 0;
        for (let i = 0; i < 100; i++) {
            const body = Buffer.alloc(i * 777, i);
            total += await new Promise((resolve, reject) => {
                const request = http.request({ host: '127.0.0.1', port, method: 'POST' }, answer => {
                    let length = 0;
                    answer.on('data', chunk => { length += chunk.length; });
                    answer.on('end', () => resolve(length));
                });
                request.on('error', reject);
                request.end(body);
            });
        }
        console.log('served', total);
        server.close();
    });
}
