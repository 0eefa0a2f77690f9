// Maps, JSON and buffers; the last lie outside the heap of the JavaScript engine.
'use strict';
const zlib = require('zlib');
const [count, rounds] = process.argv.slice(2).map(Number);
let state = 1;

function randomBelow(bound) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 16) % bound;
}

let sum = 0;
for (let round = 0; round < rounds; round++) {
  const entries = new Map();
  for (let i = 0; i < count; i++) {
    entries.set('key' + randomBelow(count), Buffer.alloc(16 + randomBelow(2000), i & 255));
  }
  const joined = Buffer.concat([...entries.values()]);
  const packed = zlib.deflateSync(joined, { level: 1 });
  sum += zlib.inflateSync(packed).length;
  sum += JSON.stringify([...entries.keys()]).length;
}
console.log(sum);
