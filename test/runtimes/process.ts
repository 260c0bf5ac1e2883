/**
 * The program in a process of Node, Deno or Bun: prints its report as a line of JSON. Its argument is the numbers of
 * workers, with commas.
 */
import { loadInt8, relaxedDotIsExact } from '../../src/engine/int8-kernels.js';
import type * as Lanewise from '../../src/index.js';
import { runProgram } from './program.js';

// By its name, so that the package's exports and its bundle are what runs.
const name = 'lanewise';
const lanewise = (await import(name)) as typeof Lanewise;
const workers = process.argv[2]!.split(',').map(Number);
const plain = { 'int8-plain': await loadInt8('int8-plain') };
const int8 = relaxedDotIsExact()
  ? { ...plain, 'int8-relaxed': await loadInt8('int8-relaxed') }
  : plain;
console.log(JSON.stringify(await runProgram(lanewise, workers, int8)));
