/** Settings that do not fit each other, and data of another shape, are refused by labs before they learn. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LabData, LabSettings } from '../../src/lab/lab.js';
import { loadLab, runLab } from '../support/lab.js';

/** Why a small form is refused. */
async function refusal(name: string, settings: LabSettings, data?: LabData): Promise<string> {
  try {
    await runLab(await loadLab(name), { form: 'small', settings, ...(data ? { data } : {}) });
  } catch (error) {
    assert.is((error as Error).name, 'LanewiseError', String((error as Error).stack));
    return (error as Error).message;
  }
  throw new Error(`${name} ran`);
}

const cases: readonly (readonly [string, LabSettings, RegExp])[] = [
  ['adversarial-training', { train: 20, batch: 50 }, /batch is 50, expected as many samples/],
  ['captions', { scenes: 12.5 }, /scenes is 12\.5, expected a whole number from 40 to 100000/],
  ['degradation', { depths: '8,7' }, /depths is '8,7', expected even numbers from 2 to 1000/],
  ['denoising', { size: 63 }, /size is 63, expected a multiple of 2 from 2 to 4096/],
  ['double-descent', { samples: 80, most: 5 }, /most is 5, expected 80 or more/],
  ['fashion-in-minutes', { channels: '8,a,9' }, /channels is '8,a,9', expected three such as/],
  ['go', { visits: 1 }, /visits is 1, expected a whole number of at least 2/],
  ['layerwise-pretraining', { from: 9 }, /depths is 4, expected 9 or more/],
  ['localisation', { scenes: 9 }, /scenes is 9, expected a multiple of 8/],
  ['style-transfer', { content: 'gone.png' }, /cannot read image 'gone\.png': there is no such/],
  ['super-resolution', { held: 0 }, /held is 0, expected a whole number from 1 to 1000/],
  ['vanishing-gradients', { strong: 0.5 }, /strong is 0\.5, expected a number from 1\.01 to 100/],
];

for (const [name, settings, words] of cases)
  test(`${name} refuses ${JSON.stringify(settings)}`, async () =>
    assert.match(await refusal(name, settings), words));

test('labs of grey pictures refuse others', async () => {
  const [count, shape, classes] = [100, [3, 32, 32], ['a', 'b']] as const;
  const samples = new Uint8Array(count * 3072);
  const part = { name: 'colour', shape, samples, labels: new Uint8Array(count), classes };
  const data = { name: 'colour', train: part, test: part } as unknown as LabData;
  for (const name of ['attribution', 'denoising'])
    assert.match(await refusal(name, {}, data), /of 3×32×32, expected/);
});

test('a batch of more samples than there are is all of them', async () => {
  const settings = { samples: 32, batch: 100, steps: 2, curveSteps: 1 };
  const { figures } = await runLab(await loadLab('mode-connectivity'), {
    form: 'small',
    settings,
    workers: 0,
  });
  assert.ok(figures.every(({ value }) => Number.isFinite(value)));
});

test.run();
