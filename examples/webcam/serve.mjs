// Builds the webcam's page and serves it: `npm run webcam -- [--port 8080] [--no-isolation]`. Cameras work on pages
// of this machine and of https alone.
import { parseArgs } from 'node:util';
import { serveOrSay } from '../playground/serve.mjs';
import { buildWebcam } from './build.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    'no-isolation': { type: 'boolean', default: false },
  },
});
const { url } = await serveOrSay(await buildWebcam(), {
  port: values.port,
  isIsolated: !values['no-isolation'],
});
console.log(`The webcam's page is at ${url}. Ctrl+C ends the server.`);
