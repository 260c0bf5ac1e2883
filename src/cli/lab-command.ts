/** The command `lanewise lab`: lists the experiments of lectures, and runs one to its page. */
import { Command, InvalidArgumentError } from 'commander';
import { dirname, join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { isExpected, showConclusion, showExpected, showFigure } from '../lab/show-figure.js';
import type { Lab, LabData, LabSettings, SettingValue } from '../lab/lab.js';
import { labPage } from '../lab/lab-page.js';
import { runLab, type LabResult } from '../lab/run-lab.js';
import { aboutOf, expectedOf, settingsOf, type Form } from '../lab/lab-settings.js';
import { ensureReplaceable, ensureWritableFolder, writeFileAtomic } from '../node/atomic.js';
import { dataLoader } from './data-sources.js';
import type { RecordEntry } from '../lab/record-entry.js';
import { allLabs, findLab } from './lab-files.js';
import { recordAfter, recordAsked, type RecordOptions } from './lab-records.js';
import { dataDirOption, option, workersOption } from './options.js';
import { untilItEnds } from './lab-faults.js';
import { labBar } from './progress.js';
import { formatSeconds, note, styleFor } from './terminal.js';
import { dashed } from './words.js';

type Texts = Readonly<Record<string, string>>;

interface Options extends RecordOptions {
  readonly set?: Texts;
  readonly full?: boolean;
  readonly small?: boolean;
  readonly data?: string;
  readonly dataDir?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `depth=10,width=64`: a comma begins another setting only if a name and = follow. */
function settingTexts(text: string, before: Texts = {}): Texts {
  const texts = { ...before };
  for (const part of text.split(/,(?=\s*\w+\s*=)/)) {
    const at = part.indexOf('=');
    if (at <= 0)
      throw new InvalidArgumentError('Expected a setting, = and its value, such as depth=10.');
    const name = part.slice(0, at).trim();
    if (Object.hasOwn(texts, name)) throw new InvalidArgumentError(`${name} is set twice.`);
    texts[name] = part.slice(at + 1).trim();
  }
  return texts;
}

export const labCommand = (): Command =>
  new Command('lab')
    .description('run an experiment of the lectures; without a name, list them')
    .argument('[name]', 'a lab, or the file of one’s own')
    .addOption(
      option('--set <name=value>', 'settings of the lab, separated by commas', settingTexts),
    )
    .option('--small', 'the form of seconds')
    .option('--full', 'the form of up to half an hour, where there is one')
    .option('--data <name or path>', 'images with classes for labs that ask for data (digits)')
    .addOption(dataDirOption())
    .option('--out <file>', 'the page (runs/lab-<name>.html)')
    .addOption(workersOption())
    .option('--record <file>', 'write an entry of the table of records (labs of the group Records)')
    .option('--by <name>', 'who enters the record')
    .option(
      '--check <file>',
      'run the lab of an entry as it says, and tell whether the entry holds',
    )
    .option('--json', 'the figures and the hash, or the list, as one line of JSON')
    .action(runCommand);

async function runCommand(name: string | undefined, options: Options): Promise<void> {
  if (name === undefined) {
    ensureNoneButJson(options);
    return listLabs(options);
  }
  if (options.out === '')
    throw new LanewiseError('argument', "--out is '', expected a file for the page");
  const lab = await findLab(name);
  const entry = await recordAsked(lab, options);
  const asked = entry ? askedBy(entry, options) : askedOf(lab, options);
  // Refused before work starts.
  settingsOf(lab, asked.form, asked.settings);
  const { json, dataDir } = options;
  const data = await dataOf({ data: asked.data, dataDir });
  const file = options.out ?? join('runs', `lab-${lab.name}.html`);
  await ensureWritableFolder(dirname(file));
  await ensureReplaceable(file);
  const result = await withProgress(lab, options, { ...asked, data });
  await writeFileAtomic(file, Buffer.from(labPage(result)));
  if (options.data !== undefined && result.data === undefined)
    note(`lab '${lab.name}' asks for no data: --data changed nothing`);
  const { lines, holds } = await recordAfter(result, entry, options);
  const told = holds === undefined ? {} : { holds, check: lines };
  if (json) console.log(JSON.stringify({ ...recordOf(result, file), ...told }));
  else console.log([...linesOf(result, file), ...lines].join('\n'));
  if (holds === false) process.exitCode = 1;
}

/** Options of a run mean nothing to the list. */
function ensureNoneButJson(options: Options): void {
  const given = Object.entries(options).find(
    ([key, value]) => key !== 'json' && value !== undefined,
  );
  if (!given) return;
  throw new LanewiseError(
    'argument',
    `--${dashed(given[0])} is for running a lab, and no lab is named`,
    'npx lanewise lab NAME runs one; without options the names are listed',
  );
}

/** What a run is asked for. */
interface Asked {
  readonly form: Form;
  readonly settings: LabSettings;
  readonly data: string | undefined;
}

/** A run as the options say. */
function askedOf(lab: Lab, { full, small, set = {}, data }: Options): Asked {
  if (full && small)
    throw new LanewiseError('argument', '--full and --small exclude each other', 'leave one out');
  return { form: full ? 'full' : small ? 'small' : 'default', settings: valuesOf(lab, set), data };
}

/** A run as an entry of the table of records says. */
function askedBy({ form, changed, data = 'digits' }: RecordEntry, options: Options): Asked {
  const given = (['full', 'small', 'set'] as const).find((key) => options[key] !== undefined);
  const other = options.data !== undefined && options.data !== data;
  if (given !== undefined || other)
    throw new LanewiseError(
      'argument',
      `--check takes form, settings and data from the entry, and --${given ?? 'data'} says others`,
      'leave it out',
    );
  return { form, settings: changed, data };
}

/**
 * Runs with a line of progress. Signals are left to the system: nothing is lost by them, and a handler would never be called
 * in a lab that does not yield.
 */
async function withProgress(
  lab: Lab,
  { workers, json }: Options,
  asked: {
    readonly form: Form;
    readonly settings: LabSettings;
    readonly data: (() => Promise<LabData>) | undefined;
  },
): Promise<LabResult> {
  const bar = labBar(process.stderr);
  try {
    return await untilItEnds(`lab '${lab.name}'`, () =>
      runLab(lab, {
        form: asked.form,
        settings: asked.settings,
        ...(asked.data ? { data: asked.data } : {}),
        ...(workers === undefined ? {} : { workers }),
        say(line) {
          bar.clear();
          (json ? console.error : console.log)(line);
        },
        progress: (done, total, what = lab.name) => bar.update({ done, total, what }),
      }),
    );
  } finally {
    bar.stop();
  }
}

/** The settings as values of their types; a text that is none of its type is refused with what was expected. */
function valuesOf(lab: Lab, texts: Texts): LabSettings {
  const values = Object.entries(texts).map(([name, text]): [string, SettingValue] => {
    const like = Object.hasOwn(lab.settings, name) ? lab.settings[name] : undefined;
    if (like === undefined || typeof like === 'string') return [name, text];
    if (typeof like === 'boolean' && /^(true|false)$/.test(text)) return [name, text === 'true'];
    const number = text === '' ? NaN : Number(text);
    if (typeof like === 'number' && Number.isFinite(number)) return [name, number];
    throw new LanewiseError(
      'argument',
      `lab '${lab.name}': ${name} is '${text}', expected ${expectedOf(aboutOf(lab, name), like)}`,
    );
  });
  return Object.fromEntries(values);
}

/**
 * How the data that was asked for is loaded, which is once a lab asks for it; undefined for what labs have without asking.
 * @throws LanewiseError kind 'argument' for data that there is not.
 */
async function dataOf({
  data: name = 'digits',
  dataDir,
}: {
  readonly data: string | undefined;
  readonly dataDir: string | undefined;
}): Promise<(() => Promise<LabData>) | undefined> {
  if (name === 'digits' && dataDir === undefined) return undefined;
  const load = await dataLoader(name, dataDir === undefined ? {} : { directory: dataDir });
  let loaded: Promise<LabData> | undefined;
  return () => (loaded ??= load().then((sets) => imagesOf(name, sets as LabData)));
}

/** @throws LanewiseError kind 'argument' for data that is no images with classes. */
function imagesOf(name: string, { train, test }: LabData): LabData {
  for (const part of [train, test])
    if (!part.samples || !part.labels || part.shape?.length !== 3)
      throw new LanewiseError(
        'argument',
        `labs learn from images with classes in memory, which '${name}' is not`,
        'leave --data out, or name a data set such as mnist',
      );
  return { name, train, test };
}

async function listLabs({ json }: Options): Promise<void> {
  const labs = await allLabs();
  if (json) {
    const list = labs.map(({ name, group, title, about, settings }) => ({
      name,
      group,
      title,
      about,
      settings,
    }));
    return console.log(JSON.stringify(list));
  }
  const { bold, dim } = styleFor(process.stdout);
  const width = Math.max(...labs.map(({ name }) => name.length));
  const lines = labs.flatMap(({ name, group, title }, i) => [
    ...(labs[i - 1]?.group === group ? [] : [...(i > 0 ? [''] : []), bold(group)]),
    `  ${name.padEnd(width)}  ${dim(title)}`,
  ]);
  console.log([...lines, '', 'run one with: npx lanewise lab NAME'].join('\n'));
}

const recordOf = (
  { lab, form, settings, data, figures, conclusion, sha256, seconds }: LabResult,
  page: string,
): object => ({ lab: lab.name, form, settings, data, figures, conclusion, sha256, seconds, page });

/** The figures beside the paper's, what they prove, the hash and the page. */
function linesOf({ lab, figures, conclusion, sha256, seconds }: LabResult, file: string): string[] {
  const { bold, dim } = styleFor(process.stdout);
  const rows = figures.map((one) => [
    one.name,
    showFigure(one.value, one.format),
    one.paper === undefined ? '' : `paper ${showFigure(one.paper, one.format)}`,
    isExpected(one) === undefined
      ? ''
      : `${isExpected(one) ? '' : 'not '}as expected: ${showExpected(one)}`,
  ]);
  const widths = [0, 1, 2].map((c) => Math.max(...rows.map((row) => row[c]!.length)));
  return [
    bold(lab.title),
    ...rows.map(([name, value, paper, expected]) =>
      `  ${name!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${widths[2]! > 0 ? `${paper!.padEnd(widths[2]!)}  ` : ''}${dim(expected!)}`.trimEnd(),
    ),
    showConclusion(figures, conclusion),
    `sha256 ${sha256}  ${dim(formatSeconds(seconds))}`,
    `page: ${file}`,
  ];
}
