// Makes net.safetensors, the page's net: it is the one of the lab's full form, `npx lanewise lab go --full`, to the last
// bit, without the games against pure search. It takes up to twenty minutes of processor time: `node examples/go/make-net.mjs`.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import lab from '../../labs/go.mjs';
import { learnGo } from '../../labs/go/learn.mjs';
import { createPlayers } from '../../labs/go/players.mjs';

const settings = { ...lab.settings, ...lab.full };
const workers = 2;
const players = createPlayers(workers);
let last;
for await (last of learnGo(settings, { players, workers }))
  console.log(`round ${last.round} of ${settings.rounds}: loss ${last.loss.toFixed(3)}`);
await players.close();
writeFileSync(new URL('net.safetensors', import.meta.url), last.program);
console.log(createHash('sha256').update(last.program).digest('hex'));
