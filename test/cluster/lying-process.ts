/**
 * A worker as users have it, whose transport flips a bit of each part that it sends from a step on, and says so.
 *   node lying-process.js nats://127.0.0.1:4222 9
 */
import { connect } from '../../src/cluster/connect.js';
import { serveWorker } from '../../src/cluster/serve-worker.js';
import { lying } from './lying-transport.js';

const [url, from] = process.argv.slice(2);
const transport = await connect('a liar', { url: url! });
const onLie = (step: number) => console.log(`lie ${step}`);
const liar = lying(transport, { from: Number(from), bit: 0, float: 100, onLie });
console.log('here');
await serveWorker(liar, { threads: 1, idleMinutes: 1 });
await transport.close();
