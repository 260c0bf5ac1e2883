// Builds the page of the benchmarks and serves it: `npm run bench:page -- [--port 8080] [--no-isolation]`, with the
// headers that threads need and a strict content-security-policy, like the playground.
import { parseArgs } from 'node:util';
import { serveOrSay } from '../playground/serve.mjs';
import { buildPage } from './build.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    'no-isolation': { type: 'boolean', default: false },
  },
});
const { url } = await serveOrSay(await buildPage(), {
  port: values.port,
  isIsolated: !values['no-isolation'],
});
console.log(`The benchmarks are at ${url}`);
