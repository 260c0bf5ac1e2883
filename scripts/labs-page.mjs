// Runs labs and keeps what they found in docs/labs/: a record and a thumbnail each, of which docs/labs.md is made. The
// record has the hash of the small form too, which the tests compare.
//   node scripts/labs-page.mjs                        runs every lab that has no record of its present settings
//   node scripts/labs-page.mjs NAME… [--full] [--data mnist] [--data-dir FOLDER] [--set depth=10]
//   node scripts/labs-page.mjs --page                 makes docs/labs.md of the records alone
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs', 'labs');
const page = join(root, 'docs', 'labs.md');

/** Modules of the build: the package as labs import it, and what makes pictures into files. */
const built = (path) => import(pathToFileURL(join(root, 'dist', 'src', path)).href);

/** All labs, in the order of `lanewise lab`. */
async function allLabs() {
  const { GROUPS } = await built('lab/lab.js');
  const files = readdirSync(join(root, 'labs')).filter((file) => file.endsWith('.mjs'));
  const labs = await Promise.all(
    files.toSorted().map(async (file) => {
      const { default: lab } = await import(pathToFileURL(join(root, 'labs', file)).href);
      return lab;
    }),
  );
  return labs.toSorted((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
}

const recordFile = (name) => join(folder, `${name}.json`);

/** What is kept of a lab: its runs by their commands, and the hash of its small form. */
const recordOf = (name) =>
  existsSync(recordFile(name)) ? JSON.parse(readFileSync(recordFile(name), 'utf8')) : { runs: {} };

async function keep(name, record) {
  mkdirSync(folder, { recursive: true });
  const filepath = recordFile(name);
  const text = await format(JSON.stringify(record), {
    ...(await resolveConfig(filepath)),
    filepath,
  });
  writeFileSync(filepath, text);
}

/** The function of the package that reads a data set: `fashionMnist` of `fashion-mnist`. */
async function sourceOf(name, directory) {
  if (name === undefined || name === 'digits') return undefined;
  const lanewise = await built('bundle/index.js');
  const read = lanewise[name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())];
  return async () => ({ name, ...(await read(directory === undefined ? {} : { directory })) });
}

/** `depth=10` as the settings' own types. */
const settingsOf = (lab, texts) =>
  Object.fromEntries(
    texts.map((text) => {
      const [key, value] = text.split('=');
      const like = typeof lab.settings[key];
      return [
        key,
        like === 'number' ? Number(value) : like === 'boolean' ? value === 'true' : value,
      ];
    }),
  );

/** A run as the record has it. `cpu` is processor time, of which a busy machine needs no more. */
async function runOf(lab, options) {
  const { runLab } = await built('bundle/lab.js');
  const before = process.cpuUsage();
  const result = await runLab(lab, options);
  const { user, system } = process.cpuUsage(before);
  return { result, cpu: Math.round((user + system) / 1e5) / 10 };
}

/** Runs a lab as asked, and its small form; keeps what was found, and the default form's picture. */
async function update(lab, asked) {
  const [{ commandOf }, { thumbnailOf }] = [
    await built('lab/lab-page.js'),
    await built('lab/thumbnail.js'),
  ];
  const { result, cpu } = await runOf(lab, asked);
  const { form, settings, changed, data, figures, conclusion, sha256, pictures } = result;
  const command = commandOf(result);
  const record = recordOf(lab.name);
  const run = { form, settings, changed, data, figures, conclusion, sha256, cpu };
  const small = (await runOf(lab, { form: 'small' })).result.sha256;
  if (form === 'default' && Object.keys(changed).length === 0 && !asked.data) {
    const thumbnail = thumbnailOf(pictures);
    if (thumbnail) {
      record.thumbnail = `${lab.name}.${thumbnail.end}`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, record.thumbnail), thumbnail.bytes);
    }
  }
  await keep(lab.name, { ...record, small, runs: { ...record.runs, [command]: run } });
  console.log(`${command}  ${cpu} s of processor time  ${sha256}`);
}

/** Whether a record has the lab's default form as it is now. */
function isCurrent(lab) {
  const run = recordOf(lab.name).runs[`npx lanewise lab ${lab.name}`];
  return run !== undefined && JSON.stringify(run.settings) === JSON.stringify(lab.settings);
}

/** A run's name beside others: `default`, `full, mnist`, `depth=10`. */
const nameOf = ({ form, changed, data }) =>
  [
    ...(form === 'default' ? [] : [form]),
    ...Object.entries(changed).map(([key, value]) => `${key}=${value}`),
    ...(data === undefined || data === 'digits' ? [] : [data]),
  ].join(', ') || 'default';

const plain = (text) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

/** The rows of a lab's figures: of each run, and the paper's. */
function figuresTable(runs, showFigure) {
  const names = [...new Set(runs.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const find = (run, name) => run.figures.find((one) => one.name === name);
  const anyOf = (name) => runs.map((run) => find(run, name)).find(Boolean);
  const hasPaper = names.some((name) => anyOf(name).paper !== undefined);
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const paper = ({ paper, format, source }) =>
    paper === undefined ? '' : `${showFigure(paper, format)}${source ? ` (${plain(source)})` : ''}`;
  return [
    row(['', ...runs.map(nameOf), ...(hasPaper ? ['paper'] : [])]),
    row(['---', ...runs.map(() => '---:'), ...(hasPaper ? ['---'] : [])]),
    ...names.map((name) =>
      row([
        plain(name),
        ...runs.map((run) => {
          const one = find(run, name);
          return one ? showFigure(one.value ?? Infinity, one.format) : '';
        }),
        ...(hasPaper ? [paper(anyOf(name))] : []),
      ]),
    ),
  ];
}

const paperText = ({ cite, title, link }) =>
  `${cite}, ${link ? `[${plain(title)}](${link})` : plain(title)}`;

/** What docs/labs.md says of a lab. */
function labText(lab, showFigure) {
  const { runs, thumbnail } = recordOf(lab.name);
  const isFirst = ([, { form, changed, data }]) =>
    form === 'default' && Object.keys(changed).length === 0 && (data ?? 'digits') === 'digits';
  const all = Object.entries(runs).toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
  const [first] = all;
  if (!first) return [];
  return [
    `### ${lab.title}`,
    '',
    ...(thumbnail
      ? [
          `<img src="labs/${thumbnail}" width="320" alt="${plain(lab.title).replaceAll('"', '')}">`,
          '',
        ]
      : []),
    plain(lab.about),
    '',
    `**${plain(first[1].conclusion)}**`,
    '',
    ...figuresTable(
      all.map(([, run]) => run),
      showFigure,
    ),
    '',
    ...all.map(
      ([command, { sha256, cpu }]) =>
        `- \`${command}\`: ${cpu === undefined ? '' : `${cpu < 10 ? cpu : Math.round(cpu)} s of processor time, `}\`${sha256}\``,
    ),
    ...(lab.papers.length > 0 ? [`- ${lab.papers.map(paperText).join('; ')}`] : []),
    '',
  ];
}

/** Where a heading is on the page. */
const anchorOf = (title) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .replace(/\s/g, '-');

/** The labs of each group in a line, with links to them. */
const contentsOf = (labs, groups) =>
  groups.map((group) => {
    const titles = labs.filter((lab) => lab.group === group).map(({ title }) => title);
    return `- ${group}: ${titles.map((title) => `[${title}](#${anchorOf(title)})`).join('; ')}`;
  });

const [BEGIN, END] = ['<!-- labs: begin -->', '<!-- labs: end -->'];

/** docs/labs.md with what the records say between its two marks. */
export async function pageText() {
  const { showFigure } = await built('lab/show-figure.js');
  // A lab is on the page once it has run.
  const labs = (await allLabs()).filter(({ name }) => Object.keys(recordOf(name).runs).length > 0);
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest.split(END)[1];
  const groups = [...new Set(labs.map(({ group }) => group))];
  const body = groups.flatMap((group) => [
    `## ${group}`,
    '',
    ...labs.filter((lab) => lab.group === group).flatMap((lab) => labText(lab, showFigure)),
  ]);
  const contents = contentsOf(labs, groups);
  const whole = `${before}${BEGIN}\n\n${[...contents, '', ...body].join('\n')}\n${END}${after}`;
  return format(whole, { ...(await resolveConfig(page)), filepath: page });
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      page: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      data: { type: 'string' },
      'data-dir': { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const labs = await allLabs();
  const names = labs.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`unknown lab '${unknown}', expected some of ${names.join(', ')}`);
  const chosen = labs.filter((lab) =>
    positionals.length > 0 ? positionals.includes(lab.name) : !isCurrent(lab),
  );
  const data = await sourceOf(values.data, values['data-dir']);
  for (const lab of values.page ? [] : chosen)
    await update(lab, {
      form: values.full ? 'full' : 'default',
      settings: settingsOf(lab, values.set),
      ...(data ? { data } : {}),
    });
  writeFileSync(page, await pageText());
  console.log(`${basename(page)} has ${names.length} labs`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
