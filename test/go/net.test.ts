/** The net of the page of Go, which the lab's full form makes, plays as the lab's figures say. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Match {
  readonly moves: number[];
  readonly margin: number;
  readonly colour: number;
  readonly won: boolean;
}
const at = (path: string) => new URL(`../../../${path}`, import.meta.url);
const { playNumbers } = (await import(at('labs/go/players.mjs').href)) as {
  playNumbers(job: object): Promise<unknown[]>;
};
const program = new Uint8Array(readFileSync(at('examples/go/net.safetensors')));

test('it is the small file that examples/go/make-net.mjs has made', () => {
  assert.ok(program.length < 100_000, `${program.length}`);
  const made = '918007f00460855474fe2aba76121faf9940789a94fa4bb875161df1d0ddf9cb';
  assert.is(
    createHash('sha256').update(program).digest('hex'),
    made,
    'make it again, and name the hash it prints here',
  );
});

test('it begins in the centre, from where Black takes all points (van der Werf et al. 2003)', async () => {
  const settings = { seed: 1, visits: 100, komi: 20 };
  const job = { program, kind: 'opening', settings, numbers: [0] };
  const [shares] = (await playNumbers(job)) as [Float64Array];
  assert.ok(shares[12]! > 0.5, `the centre has ${shares[12]} of the visits`);
});

test('it wins most games against pure search with ten times the playouts', async () => {
  const settings = { seed: 11, visits: 20, playouts: 200, komi: 20 };
  const numbers = Array.from({ length: 12 }, (_, game) => game);
  const games = (await playNumbers({ program, kind: 'match', settings, numbers })) as Match[];
  const won = games.filter((game) => game.won);
  assert.ok(won.length >= 9, `${won.length} of 12`);
  for (const { colour, margin } of won)
    assert.ok(colour === 0 ? margin > 20 : margin < 20, `${colour} by ${margin}`);
});

test.run();
