// Builds the page of the benchmarks and serves it: `npm run bench:page -- [--port 8080] [--no-isolation]`, with the
// headers that threads need and a strict content-security-policy, like the playground.
import { serveBuilt } from '../playground/serve.mjs';
import { buildPage } from './build.mjs';

await serveBuilt(buildPage, (url) => `The benchmarks are at ${url}`);
