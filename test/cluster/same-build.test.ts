/** Two machines compare what decides their bits before they compute together. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { version } from '../../src/base/version.js';
import { sha256 } from '../../src/base/sha256.js';
import { PROTOCOL } from '../../src/cluster/cluster-messages.js';
import { buildOf, differenceOf } from '../../src/cluster/same-build.js';
import { readBuild } from '../../src/node/kernels.js';

test('a build is named by its version, protocol and the hash of its kernels', async () => {
  const strict = await buildOf('strict');
  const wasm = await sha256(await readBuild('strict-shared'));
  assert.equal(strict, { protocol: PROTOCOL, version, wasm, numerics: 'strict' });
  assert.is.not((await buildOf('fused')).wasm, wasm);
});

test('every difference is named, with the way out', async () => {
  const own = await buildOf('strict');
  assert.is(differenceOf(own, own), undefined);
  const fused = await buildOf('fused');
  assert.is(differenceOf(fused, fused), undefined);
  const cases = [
    [differenceOf(own, { ...own, protocol: 7 }), 'the worker speaks protocol 7, the coordinator 1'],
    [
      differenceOf(own, { ...own, version: '0.0.1' }),
      `the worker has lanewise 0.0.1, the coordinator ${version}`,
    ],
    [
      differenceOf(own, { ...own, wasm: 'ab'.repeat(32) }),
      `the kernels differ: SHA-256 abababababab… at the worker, ${own.wasm.slice(0, 12)}… at the coordinator`,
    ],
    [differenceOf(own, fused), "the worker computes with numerics 'fused', the run with 'strict'"],
    [
      differenceOf(fused, fused, false),
      "the run's numerics are 'fused', and the worker's engine has no multiply-add that rounds once",
    ],
  ] as const;
  for (const [found, reason] of cases) {
    assert.is(found?.reason, reason);
    assert.ok(found!.hint.length > 10);
  }
});

test.run();
