/** The engine's name in figures. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { engineName } from '../../src/cli/engine-name.js';

test('the engine is named by what it is, not by the Node it claims to be', () => {
  const expected = 'Deno' in globalThis ? 'deno' : 'Bun' in globalThis ? 'bun' : 'node';
  assert.match(engineName(), new RegExp(`^${expected} \\d+\\.\\d+\\.\\d+`));
  assert.is(/V8/.test(engineName()), expected === 'deno');
});

test.run();
