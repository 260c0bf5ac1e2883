// Puts the functions of a Wasm build into the order in which they compress best: gzip looks for repetitions in the last
// 32 KB, and functions that are alike, such as two tiles or two gradients, are elsewhere in the order of the sources.
import binaryen from 'binaryen';

/** How far back gzip looks, and the length of the runs of bytes that are compared. */
const WINDOW = 32768;
const RUN = 6;

/** A whole number in LEB128 at `at`, and where it ends. */
function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

/** The same number as bytes. */
function numberBytes(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** Sections of a binary: their id, and where they and their contents begin and end. */
function sections(bytes) {
  const found = [];
  for (let begin = 8; begin < bytes.length;) {
    const [length, from] = readNumber(bytes, begin + 1);
    found.push({ id: bytes[begin], begin, from, end: from + length });
    begin = from + length;
  }
  return found;
}

/** The bodies of functions, in their order. */
function bodies(bytes) {
  const { from } = sections(bytes).find(({ id }) => id === 10);
  let [count, at] = readNumber(bytes, from);
  const found = [];
  for (; count > 0; count--) {
    const [length, begin] = readNumber(bytes, at);
    at = begin + length;
    found.push(bytes.subarray(begin, at));
  }
  return found;
}

/** All runs of RUN bytes of a function. */
function runsOf(body) {
  const text = Buffer.from(body).toString('latin1');
  const runs = new Set();
  for (let i = 0; i + RUN <= text.length; i++) runs.add(text.slice(i, i + RUN));
  return runs;
}

/** The numbers of functions in order: each next one has the most in common with what is just before it. */
function bestOrder(functions) {
  const left = new Map(
    functions.map((body, i) => [i, { runs: runsOf(body), length: body.length }]),
  );
  const seen = new Map();
  const order = [];
  let length = 0;
  const likeness = ({ runs }) => {
    let sum = 0;
    for (const run of runs) {
      const distance = length - (seen.get(run) ?? -WINDOW);
      if (distance < WINDOW) sum += 1 - distance / (2.5 * WINDOW);
    }
    return sum / (runs.size + 1) ** 0.75;
  };
  while (left.size) {
    let [best, most] = [-1, -1];
    for (const [i, candidate] of left) {
      const value = likeness(candidate);
      if (value > most) [best, most] = [i, value];
    }
    const { runs, length: more } = left.get(best);
    for (const run of runs) seen.set(run, length);
    length += more;
    order.push(best);
    left.delete(best);
  }
  return order;
}

/** The custom section with functions' names: all that binaryen sorts by. */
function nameSection(names) {
  const entries = names.flatMap(([index, name]) => [
    ...numberBytes(index),
    ...numberBytes(name.length),
    ...Buffer.from(name),
  ]);
  const map = [...numberBytes(names.length), ...entries];
  const contents = [4, ...Buffer.from('name'), 1, ...numberBytes(map.length), ...map];
  return Uint8Array.from([0, ...numberBytes(contents.length), ...contents]);
}

/** Takes a build without names, and returns it with its functions in another order. */
export function orderFunctions(bytes, imports) {
  const order = bestOrder(bodies(bytes));
  const names = [];
  order.forEach((which, place) => {
    names[which] = [imports + which, String(place).padStart(5, '0')];
  });
  const module = binaryen.readBinary(Buffer.concat([bytes, nameSection(names)]));
  try {
    module.runPasses(['reorder-functions-by-name']);
    binaryen.setDebugInfo(false);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}
