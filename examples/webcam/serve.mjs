// Builds the webcam's page and serves it: `npm run webcam -- [--port 8080] [--no-isolation]`. Cameras work on pages
// of this machine and of https alone.
import { serveBuilt } from '../playground/serve.mjs';
import { buildWebcam } from './build.mjs';

await serveBuilt(buildWebcam, (url) => `The webcam's page is at ${url}`);
