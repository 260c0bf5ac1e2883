// node process.mjs WORKERS SECONDS, in Node, Deno and Bun: prints the measurement as a line of JSON.
import * as lanewise from 'lanewise';
import { throughput } from './throughput.mjs';

const [workers, seconds] = process.argv.slice(2).map(Number);
console.log(JSON.stringify(await throughput(lanewise, workers, seconds)));
