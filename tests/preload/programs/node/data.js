// Buffers of all sizes outside the JavaScript heap, JSON, compression, hashes.
'use strict';
const crypto = require('crypto');
const zlib = require('zlib');

let state = 1;
function randomBelow(limit) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
}

function digest(data) {
    return crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);
}

const kept = new Map();
let bytes = 0;
for (let i = 0; i < 40000; i++) {
    const size = i % 100 === 0 ? randomBelow(2000000) : randomBelow(8000);
    kept.set(randomBelow(500), Buffer.alloc(size, i % 256));
    bytes += size;
}
const joined = Buffer.concat([...kept.entries()].sort((a, b) => a[0] - b[0]).map(e => e[1]));
console.log('buffers', bytes, joined.length, digest(joined));

const document = [];
for (let i = 0; i < 20000; i++)
    document.push({ id: i, text: 'x'.repeat(i % 200), values: [i / 3, i * 7, null, true] });
const text = JSON.stringify(document);
console.log('json', text.length, digest(JSON.stringify(JSON.parse(text))));

for (const name of ['gzipSync', 'deflateRawSync', 'brotliCompressSync'])
    console.log(name, digest(zlib[name](text.slice(0, 400000))));

const groups = {};
for (const [word] of text.matchAll(/"id":(\d+)[05],/g))
    (groups[word.length] = groups[word.length] || []).push(word);
console.log('words', Object.entries(groups).map(([k, v]) => k + ':' + v.length).join(' '));
console.log('scrypt', crypto.scryptSync('secret', 'salt', 32, { N: 4096 }).toString('hex'));
console.log('big', digest(String(3n ** 20000n)));
