/** The command `lanewise quantize`: writes a model that predicts on integers, and shows what that costs. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { readSource } from '../data/file-source.js';
import { writeFileAtomic } from '../node/atomic.js';
import type { CalibrateOptions } from '../quantize/index.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { choiceOf, knownData, type ScoringOptions } from './classifiers.js';
import { checkOutName } from './file-kind.js';
import { asKnown } from './gaps.js';
import { openModel } from './model-source.js';
import {
  addOptions,
  choice,
  dataDetailOptions,
  dataDirOption,
  dataOption,
  holdoutOption,
  option,
  wholeNumber,
} from './options.js';
import { quantizedRecord, quantizedText, type Compared } from './quantize-report.js';
import { list } from './setting-options.js';
import { countOf } from './task.js';
import { note } from './terminal.js';

interface Options extends ScoringOptions {
  readonly out?: string;
  readonly samples?: number;
  readonly range?: CalibrateOptions['range'];
  readonly float?: readonly string[];
  readonly calibration?: string;
  readonly batch?: number;
  readonly json?: boolean;
}

export const quantizeCommand = (): Command =>
  addOptions(new Command('quantize'), dataDetailOptions())
    .description(
      'write a model that predicts on integers: a quarter of the size, and faster; and compare both on test samples',
    )
    .argument('<model.safetensors>', 'a file written by train')
    .addOption(dataOption())
    .addOption(dataDirOption())
    .addOption(holdoutOption('; --all scores every sample'))
    .addOption(
      option('--all', 'score every sample, also those of the training part').conflicts('holdout'),
    )
    .option('-o, --out <file>', 'the file to write (model.int8.safetensors beside the model)')
    .option(
      '--samples <n>',
      'samples by which the ranges of values are found, the first of the training part (512)',
      wholeNumber(1),
    )
    .addOption(
      choice('--range <rule>', 'how a range follows from the values seen (error)', [
        'minmax',
        'percentile',
        'error',
      ]),
    )
    .addOption(option('--float <layers>', 'layers that stay float, separated by commas', list))
    .option(
      '--calibration <file>',
      'ranges found before: calibration.json of a run with --quantization',
    )
    .option('--batch <n>', 'samples scored at once (16)', wholeNumber(1))
    .option('--json', 'one JSON object')
    .action(runQuantize);

async function runQuantize(file: string, options: Options): Promise<void> {
  const out = options.out ?? `${file.replace(/\.safetensors$/, '')}.int8.safetensors`;
  checkOut(file, out, options);
  const trained = await openModel(file);
  checkQuantizable(file, trained);
  const { calibrated, test, words, isScored } = await partsOf(file, trained, options);
  if (isScored && options.calibration === undefined)
    note('the samples by which ranges are found are among those that are scored');
  const { encodeQuantized, quantize, readCalibration } = await import('../quantize/index.js');
  const { samples, range, float, batch, calibration } = options;
  const quantized = await quantize(trained, calibrated, {
    ...given({ samples, range, float, batch }),
    ...(calibration === undefined
      ? {}
      : { calibration: readCalibration(await readJson(calibration)) }),
  });
  const bytes = encodeQuantized(quantized);
  const compared: Compared = {
    model: file,
    out,
    data: test.name,
    samples: countOf(test),
    words,
    bytes: { float: (await readSource('model', file)).length, int8: bytes.length },
    float: await trained.evaluate(test),
    int8: await quantized.evaluate(test),
    layers: quantized.report,
    sha256: await quantized.sha256(),
  };
  await writeFileAtomic(out, bytes);
  console.log(
    options.json ? JSON.stringify(quantizedRecord(compared)) : quantizedText(compared, options),
  );
}

const given = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<T>;

/** @throws LanewiseError kind 'argument' for a name that is taken, or that of another kind of file, and for options without effect. */
function checkOut(file: string, out: string, options: Options): void {
  if (!out.endsWith('.safetensors'))
    checkOutName(out, 'quantize writes safetensors', '--out model.int8.safetensors');
  if (resolve(file) === resolve(out))
    throw new LanewiseError(
      'argument',
      `--out ${out} would replace the file that is read`,
      'give another name',
    );
  const [unused] = (['samples', 'range', 'float'] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (options.calibration === undefined || unused === undefined) return;
  throw new LanewiseError(
    'argument',
    `--${unused} says how ranges are found, and --calibration ${options.calibration} has them`,
    'leave one of them out',
  );
}

/** @throws LanewiseError kind 'argument' for models of series and those that write text. */
function checkQuantizable(file: string, { series, vocabulary, text }: TrainedModel): void {
  const what = series ? 'forecasts series' : vocabulary && !text?.by ? 'writes text' : undefined;
  if (what === undefined) return;
  throw new LanewiseError(
    'argument',
    `'${file}' ${what}, and quantize compares models of images, rows and classes of texts`,
    'in a program quantize(trained, data) takes any model: docs/quantization.md',
  );
}

/** The samples by which ranges are found, and those that are scored. */
async function partsOf(file: string, trained: TrainedModel, options: Options) {
  const found = await knownData([trained], options);
  const { origin } = trained;
  const { train, test, words } = choiceOf(found, [{ file, origin }], options);
  const own = train ?? (found.isWhole ? undefined : found.train);
  return {
    calibrated: asKnown(own ?? test, trained.table),
    test: asKnown(test, trained.table),
    words,
    isScored: own === undefined,
  };
}

async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readSource('calibration', path));
  try {
    return JSON.parse(text);
  } catch {
    throw new LanewiseError(
      'file',
      `'${path}' is not JSON, expected a calibration`,
      'train --quantization writes calibration.json into the run’s folder',
    );
  }
}
