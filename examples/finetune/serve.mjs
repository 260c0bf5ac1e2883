// Builds the page for fine-tuning and serves it: `npm run finetune -- [--port 8080] [--no-isolation]`. Cameras work on
// pages of this machine and of https alone.
import { parseArgs } from 'node:util';
import { serveOrSay } from '../playground/serve.mjs';
import { buildFinetune } from './build.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    'no-isolation': { type: 'boolean', default: false },
  },
});
const { url } = await serveOrSay(await buildFinetune(), {
  port: values.port,
  isIsolated: !values['no-isolation'],
});
console.log(`The page is at ${url}. Ctrl+C ends the server.`);
