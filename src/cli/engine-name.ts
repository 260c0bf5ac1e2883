/** Which JavaScript engine this is, as figures name it. */

/** `node 24.1.0`, `deno 2.9.6 (V8 15.0)` or `bun 1.4.5`: Deno and Bun also claim to be a Node. */
export function engineName(): string {
  const { bun, deno, node, v8 } = process.versions;
  if (bun) return `bun ${bun}`;
  if (deno) return `deno ${deno} (V8 ${v8.split('.').slice(0, 2).join('.')})`;
  return `node ${node}`;
}
