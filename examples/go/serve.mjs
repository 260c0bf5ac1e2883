// Builds the page of Go and serves it: `npm run go -- [--port 8080]`.
import { parseArgs } from 'node:util';
import { serveOrSay } from '../playground/serve.mjs';
import { buildGo } from './build.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } });
const { url } = await serveOrSay(await buildGo(), { port: values.port, isIsolated: true });
console.log(`Play at ${url}. Ctrl+C ends the server.`);
