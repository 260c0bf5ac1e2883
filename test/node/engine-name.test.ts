/** The engine's name in figures. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfProcess } from '../../src/node/engine-name.js';

test('the engine is named by what it is, not by the Node it claims to be', () => {
  const expected = 'Deno' in globalThis ? 'deno' : 'Bun' in globalThis ? 'bun' : 'node';
  const { name, version } = engineOfProcess();
  assert.is(name, expected);
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.is(/V8/.test(version), expected === 'deno');
});

test.run();
