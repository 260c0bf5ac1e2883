// Serves the playground with the page of points in it: `npm run points -- [--port 8080]`.
import { buildPlayground } from '../playground/build.mjs';
import { serveBuilt } from '../playground/serve.mjs';

await serveBuilt(buildPlayground, (url) => `Draw points at ${url}points/`);
