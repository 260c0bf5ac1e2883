// Serves the playground with the page of Go in it: `npm run go -- [--port 8080]`.
import { buildPlayground } from '../playground/build.mjs';
import { serveBuilt } from '../playground/serve.mjs';

await serveBuilt(buildPlayground, (url) => `Play at ${url}go/`);
