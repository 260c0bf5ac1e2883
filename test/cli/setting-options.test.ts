/** Every setting of a run is a row of the command line's table, or says why it has no option. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { loadModels, scoreModels } from '../../src/cli/classifiers.js';
import { loadData, type DataRequest } from '../../src/cli/data-sources.js';
import { countOf } from '../../src/cli/task.js';
import { foreignHint } from '../../src/cli/foreign-options.js';
import { checkUses, ROWS, trainSettings } from '../../src/cli/setting-options.js';
import { checkTogether, describeTrain, type TrainOptions } from '../../src/cli/train-options.js';
import type { LanewiseError } from '../../src/base/errors.js';
import { digits } from '../../src/data/digits/index.js';
import { recipes } from '../../src/models/recipes.js';
import * as optimizers from '../../src/optimizers/index.js';
import { optimizerFor } from '../../src/optimizers/named.js';
import * as rules from '../../src/optimizers/rules.js';
import { scheduleFor } from '../../src/optimizers/schedules.js';
import { usualRules } from '../../src/optimizers/usual-rules.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import { SETTING_NAMES } from '../../src/train/settings.js';
import { saveModel } from '../../src/trained/model-store.js';
import { refusal } from '../support/refusal.js';
import { inFolder } from './lanewise.js';

const command = describeTrain();
const help = command.helpInformation().replace(/\s+/g, ' ');

test('each setting has options, which --help shows and whose values are found by their names, or a reason', () => {
  assert.equal(Object.keys(ROWS).toSorted(), SETTING_NAMES.toSorted());
  for (const [setting, row] of Object.entries(ROWS)) {
    if ('absent' in row) {
      const flag = setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const has = command.options.flatMap(({ long }) => long ?? []);
      assert.not.ok(has.includes(`--${flag}`), setting);
      assert.is(foreignHint(setting, has), row.absent);
      continue;
    }
    const options = 'option' in row ? { [setting]: row.option } : row.options;
    for (const [name, option] of Object.entries(options)) {
      assert.is(option.attributeName(), name);
      assert.ok(command.options.includes(option), name);
      assert.ok(
        help.includes(option.flags) && help.includes(option.description.replace(/\s+/g, ' ')),
        name,
      );
    }
  }
});

test('options become settings, one by one', () => {
  const data = { train: digits({ count: 100 }), test: digits({ count: 20 }) };
  const recipe = recipes['mlp']!;
  const settings = (...words: string[]) => {
    const parsed = describeTrain().parse(['mlp', ...words], { from: 'user' });
    return trainSettings(recipe, parsed.opts(), data);
  };
  const plain = settings();
  assert.equal(Object.keys(plain).toSorted(), [
    'batch',
    'data',
    'epochs',
    'loss',
    'optimizer',
    'schedule',
    'seed',
    'validation',
  ]);
  resolveSettings(recipe.create(), plain);
  const given: readonly (readonly [string[], string, unknown])[] = [
    [['--epochs', '3'], 'epochs', 3],
    [['--clip-norm', '2'], 'clipNorm', 2],
    [['--clip-value', '0.5'], 'clipValue', 0.5],
    [['--mixup', '0.2'], 'mixup', { alpha: 0.2 }],
    [['--patience', '4'], 'earlyStopping', { patience: 4 }],
    [['--validate-every', '7'], 'validateEvery', { steps: 7 }],
    [['--metrics', 'f1,top5'], 'metrics', ['f1', 'top5']],
    [['--drop-last'], 'dropLast', true],
    [['--steps-per-epoch', '2'], 'stepsPerEpoch', 2],
    [['--max-memory', '2MiB'], 'prefetchBytes', 2 ** 20],
    [['--average', 'none'], 'average', undefined],
    [['--schedule', 'polynomial'], 'schedule', 'polynomial'],
    [['--seed', '5'], 'seed', 5],
  ];
  for (const [words, name, value] of given)
    assert.equal(settings(...words)[name as keyof typeof plain], value, words.join(' '));
  const { optimizer } = settings('--optimizer', 'nesterov', '--weight-decay', '0.1');
  assert.equal((optimizer as optimizers.Optimizer).settings, {
    ...(optimizer as optimizers.Optimizer).settings,
    lr: 0.05,
    nesterov: true,
    weightDecay: 0.1,
  });
});

test('what the data has no use for is refused, with what has', async () => {
  await inFolder(async (folder) => {
    const csv = join(folder, 't.csv');
    await writeFile(
      csv,
      ['a,kind', ...Array.from({ length: 30 }, (_, i) => `${i},${'xy'[i % 2]}`)].join('\n'),
    );
    const pictures = join(folder, 'pictures');
    for (const part of ['train', 'test'])
      for (const kind of ['a', 'b']) {
        await mkdir(join(pictures, part, kind), { recursive: true });
        for (const name of ['1.png', '2.png'])
          await writeFile(
            join(pictures, part, kind, name),
            PNG.sync.write(new PNG({ width: 4, height: 4 })),
          );
      }
    const refused = (name: string, asked: DataRequest) => refusal(() => loadData(name, asked));
    // The sources that take an option are listed.
    const listed = async (name: string, asked: DataRequest, flag: string, one: RegExp) => {
      const [said, hint] = (await refused(name, asked)).split('\n');
      assert.ok(
        said!.startsWith(`${flag} goes with a `) && said!.endsWith(` and the data is ${name}`),
      );
      assert.match(said!, one);
      assert.is(hint, `leave ${flag.split(' ')[0]} out`);
    };
    await listed(
      csv,
      { fit: 'crop' },
      '--fit crop',
      /a Parquet file, a tar archive .*a folder of images/,
    );
    await listed(pictures, { target: 'kind' }, '--target kind', /a CSV file, .*a Parquet file/);
    await listed(
      'digits',
      { columns: { id: 'ignore' } },
      '--ignore id',
      /an NPZ file, .*a MATLAB file/,
    );
    assert.match(await refused('digits', { header: false }), /^--no-header goes with a CSV file/);
    for (const name of ['digits', pictures])
      assert.is(
        await refused(name, { holdout: 0.3 }),
        `--holdout 0.3 is for data that is not divided, and '${name}' has test samples of its own\nleave it out, or give --data the path of one part`,
      );
    const { test } = await loadData(csv, { holdout: 0.3 });
    assert.is(countOf(test), 9);
    // What a model's file says goes for what nothing was asked of, and is not refused.
    await loadData('digits', {}, { shape: [1, 28, 28], fit: 'crop' });
  });
});

test('names are taken in any case, as in programs, and the nearest is told of others', () => {
  const asked = (...words: string[]) => {
    const command = describeTrain()
      .exitOverride()
      .configureOutput({ writeErr() {}, outputError() {} });
    return command.parse(['mlp', ...words], { from: 'user' }).opts<Record<string, string>>();
  };
  const { optimizer, schedule, average } = asked(
    '--optimizer=Adamax',
    '--schedule=COSINE',
    '--average=EMA',
  );
  assert.equal([optimizer, schedule, average], ['adamax', 'cosine', 'ema']);
  assert.is(optimizerFor('Adamax').kind, 'adamax');
  assert.is((scheduleFor('COSINE') as optimizers.Schedule).kind, 'cosine');
  assert.is(scheduleFor('LINEAR'), 'linear');
  for (const [words, meant] of [
    [['--optimizer', 'adamx'], 'adam'],
    [['--optimizer', 'sdg'], 'sgd'],
    [['--schedule', 'cosin'], 'cosine'],
  ] as const)
    assert.throws(
      () => asked(...words),
      (error: Error) => error.message.endsWith(`\n  did you mean '${meant}'?`),
    );
  assert.throws(
    () => optimizerFor('sdg'),
    (error: LanewiseError) => error.hint === "did you mean 'sgd'?",
  );
});

test('options without effect on the data, or without another option, are refused', async () => {
  const options = (...words: string[]) =>
    describeTrain()
      .parse(['mlp', ...words], { from: 'user' })
      .opts<TrainOptions>();
  const inMemory = { train: digits({ count: 10 }), test: digits({ count: 5 }) };
  const reader = { type: 'uint8', read: () => {} };
  const { samples: _, ...described } = inMemory.train;
  const fromFiles = { ...inMemory, train: { ...described, reader } as never };
  const refused = (words: string[], data = inMemory) =>
    refusal(async () => checkUses(options(...words), data, 'digits'));
  for (const words of [
    ['--decoders', '2'],
    ['--max-memory', '1GiB'],
  ]) {
    assert.is(
      await refused(words),
      `${words[0]} goes with images that are read from a folder, and the data is digits, which is in memory\nleave ${words[0]} out`,
    );
    checkUses(options(...words), fromFiles, 'pictures');
  }
  checkUses(options('--workers', '2'), inMemory, 'digits');
  await inFolder(async (folder) => {
    const file = join(folder, 'model.safetensors');
    await saveModel(recipes['mlp']!.create(), file);
    assert.match(
      await refusal(async () =>
        scoreModels([file], await loadModels([file]), { data: 'digits', decoders: 2 }),
      ),
      /^--decoders goes with images that are read from a folder, and the data is digits/,
    );
  });
  const together = (...words: string[]) => refusal(async () => checkTogether(options(...words)));
  assert.match(
    await together('--resume', '--fresh'),
    /^--resume and --fresh are both given, expected one of them\n--resume goes on/,
  );
  assert.match(
    await together('--override', 'epochs,batch'),
    /^--override epochs,batch goes with --resume, .*\nadd --resume, or leave --override out$/,
  );
  checkTogether(options('--resume', '--override', 'epochs'));
});

test('every update rule of the library goes by its name', () => {
  const found = Object.entries(usualRules).map(([name, { make, rate }]) => {
    const { kind, learningRate } = make({ lr: rate, weightDecay: 0 });
    assert.is(learningRate, rate);
    return name === 'nesterov' ? 'nesterov' : kind;
  });
  assert.equal(found.toSorted(), [...Object.keys(rules), 'nesterov'].toSorted());
});

test.run();
