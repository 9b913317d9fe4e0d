// Typed arrays have a parameter since TypeScript 5.7: `Uint8Array<ArrayBuffer>`. In the emitted types the same type is said
// in a way that older compilers read too.
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');
for (const name of readdirSync(dist, { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  const file = join(dist, name);
  const types = readFileSync(file, 'utf8');
  const readable = types
    .replace(/\b((?:Uint8|Int32|Float64)Array)<ArrayBuffer>/g, "ReturnType<$1Constructor['of']>")
    .replace(/<ArrayBufferLike>/g, '')
    .replace(/\bBuffer<ArrayBuffer>/g, 'Buffer');
  if (readable !== types) writeFileSync(file, readable);
}
