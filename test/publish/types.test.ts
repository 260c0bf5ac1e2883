/** The packed declarations in a project of someone else's: strict, every declaration checked, no types of Node. */
// slow: packs the package
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack, root, run, unpack } from './packed.js';

const CONSUMER = `
import { adam, digits, lenet5, metrics, mlp, momentum, ops, sgd, sweep, train, LanewiseError } from 'lanewise';
import type { Classifier, EpochEvent, Numerics, TrainOptions, TrainResult } from 'lanewise';

const numerics: Numerics = 'strict';
const said: EpochEvent[] = [];
const callbacks: TrainOptions = { onEpoch: (epoch) => void said.push(epoch) };

export async function run(): Promise<number> {
  const settings = { data: digits({ count: 640 }), optimizer: momentum({ lr: 0.05 }), epochs: 1, numerics };
  const result: TrainResult = await train(lenet5(), settings, callbacks);
  const model: Classifier = result.model;
  const { samples, shape } = digits({ count: 3 });
  const { classes } = await model.predict(samples, shape);
  return classes[0]!;
}

interface Flat {
  readonly area: number;
  readonly since?: Date;
}
export const rents = (model: Classifier, flats: readonly Flat[]) => model.predict(flats);

export const chosen = sweep(
  { lr: { from: 0.01, to: 0.1 }, hidden: [8, 16], rule: ['adam', 'sgd'] },
  ({ lr, hidden, rule }) => ({
    model: mlp({ hidden }),
    settings: { data: digits({ count: 64 }), optimizer: rule === 'adam' ? adam({ lr }) : sgd({ lr }), epochs: 1 },
  }),
  { folder: 'sweep', random: 2 },
);

export const isOurs = (error: unknown): boolean => error instanceof LanewiseError && error.kind !== 'data';
export const names: unknown[] = [metrics, ops];

// @ts-expect-error: declarations that are not found would make everything any
export const wrong: number = lenet5;
`;

let folder: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-types-'));
  await unpack(await pack(), folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await writeFile(join(folder, 'consumer.ts'), CONSUMER);
});

test.after(() => rm(folder, { recursive: true, force: true }));

const settings = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
  {
    module: 'esnext',
    moduleResolution: 'bundler',
    customConditions: ['browser'],
    exactOptionalPropertyTypes: true,
  },
];

for (const options of settings) {
  test(`a project checks with ${JSON.stringify(options)}`, async () => {
    const compilerOptions = {
      ...options,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
    };
    const config = join(folder, 'tsconfig.json');
    await writeFile(config, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const errors = await run(process.execPath, [tsc, '--project', config]).then(
      () => '',
      (error: { readonly stdout: string }) => error.stdout,
    );
    assert.is(errors, '');
  });
}

test.run();
