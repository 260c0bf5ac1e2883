// A thread that plays games: what it is sent are a net's program file, the kind of games, their settings and their numbers.
import { parentPort } from 'node:worker_threads';
import { playNumbers } from './players.mjs';

parentPort.on('message', async (job) => parentPort.postMessage(await playNumbers(job)));
