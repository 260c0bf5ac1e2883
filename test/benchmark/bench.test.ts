/** `lanewise bench`: every kind of workload runs and reports what its line promises. No time is judged. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventsOf, lanewise } from '../cli/lanewise.js';

const names = ['ceiling', 'sgemm-128', 'mlp-b64', 'lenet5-infer-b1', 'lenet5-infer-b256'];

test('one JSON object a workload, with figures that fit together', async () => {
  const run = await lanewise(['bench', ...names, '--seconds', '1', '--threads', '2', '--json']);
  assert.is(run.code, 0, run.stderr);
  const lines = eventsOf(run);
  assert.equal(
    lines.map(({ workload }) => workload),
    names,
  );
  assert.equal(
    lines.map(({ unit }) => unit),
    ['GFLOP/s', 'GFLOP/s', 'images/s', 'µs', 'images/s'],
  );
  assert.equal(
    lines.map(({ threads }) => threads),
    [1, 1, 2, 1, 1],
  );
  for (const line of lines) {
    assert.type(line['engine'], 'string');
    assert.type(line['cpu'], 'string');
    assert.ok(['fused', 'strict'].includes(line['numerics'] as string));
    const { value, medianMs, minMs, ofCeiling } = line as Record<string, number>;
    assert.ok(
      minMs! > 0 && medianMs! >= minMs! && value! > 0 && ofCeiling! > 0,
      JSON.stringify(line),
    );
  }
  const [, product, training, single] = lines as Record<string, number>[];
  assert.ok(
    Math.abs((product!['value']! * product!['medianMs']!) / ((2 * 128 ** 3) / 1e6) - 1) < 1e-9,
  );
  assert.ok(Math.abs((training!['value']! * training!['medianMs']!) / 64_000 - 1) < 1e-9);
  assert.ok(Math.abs(single!['value']! / (single!['medianMs']! * 1000) - 1) < 1e-9);
});

test('an unknown workload is refused with the nearest name', async () => {
  const { code, stderr } = await lanewise(['bench', 'lenet5-b46']);
  assert.is(code, 1);
  assert.match(
    stderr,
    /unknown workload 'lenet5-b46', expected one of ceiling, .*\n {2}did you mean 'lenet5-b64'\?/,
  );
});

test.run();
