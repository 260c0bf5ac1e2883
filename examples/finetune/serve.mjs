// Builds the page for fine-tuning and serves it: `npm run finetune -- [--port 8080] [--no-isolation]`. Cameras work on
// pages of this machine and of https alone.
import { serveBuilt } from '../playground/serve.mjs';
import { buildFinetune } from './build.mjs';

await serveBuilt(buildFinetune, (url) => `The page is at ${url}`);
