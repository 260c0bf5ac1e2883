// Makes the tables of docs/records.md from the entries in docs/records/, each of which has to agree with itself.
//   node scripts/records-page.mjs
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs', 'records');
const page = join(root, 'docs', 'records.md');

const built = (path) => import(pathToFileURL(join(root, 'dist', 'src', path)).href);

/** Labs that keep records, by name, in the order of their titles. */
export async function recordLabs() {
  const files = readdirSync(join(root, 'labs')).filter((file) => file.endsWith('.mjs'));
  const labs = await Promise.all(
    files.map(async (file) => (await import(pathToFileURL(join(root, 'labs', file)).href)).default),
  );
  const ofRecords = labs.filter(({ group }) => group === 'Records');
  return ofRecords.toSorted((a, b) => (a.title < b.title ? -1 : 1));
}

/** Texts of entries by the names of their files. */
export const entryFiles = () =>
  Object.fromEntries(
    (existsSync(folder) ? readdirSync(folder) : [])
      .filter((file) => file.endsWith('.json'))
      .toSorted()
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );

/** The entries in these texts; one that is none, or does not agree with itself, is refused by the name of its file. */
async function entriesIn(texts, labs) {
  const { readEntry, checkEntry } = await built('lab/record-entry.js');
  const { LanewiseError } = await built('base/errors.js');
  return Promise.all(
    Object.entries(texts).map(async ([file, text]) => {
      const path = `docs/records/${file}`;
      const entry = readEntry(text, path);
      const lab = labs.find(({ name }) => name === entry.lab);
      if (!lab)
        throw new LanewiseError(
          'file',
          `'${path}' is an entry of '${entry.lab}', which keeps no records`,
        );
      await checkEntry(entry, lab, path);
      return { ...entry, file };
    }),
  );
}

const counts = new Intl.NumberFormat('en');
const billions = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const cells = (row) => `| ${row.join(' | ')} |`;

/** What of a lab's full form an entry has changed, in its command. */
const formOf = ({ form, changed }) =>
  [form, ...Object.entries(changed).map(([name, value]) => `${name}=${value}`)].join(', ');

/** The entries of a lab on one data set, the fastest first. */
function tableOf(entries, { showAccuracy, showSeconds }) {
  const rows = entries.toSorted((a, b) => a.seconds.mean - b.seconds.mean);
  return [
    cells([
      'seconds',
      'accuracy',
      'seeds',
      'form',
      'processor',
      'threads',
      'engine',
      'by',
      'entry',
    ]),
    cells(['---:', '---:', '---:', '---', '---', '---:', '---', '---', '---']),
    ...rows.map((one) =>
      cells([
        showSeconds(one.seconds, one.evidence.length),
        showAccuracy(one.accuracy, one.evidence.length),
        one.evidence.length,
        formOf(one),
        `${one.cpu ?? 'unknown'}, ${one.cores} cores`,
        one.threads,
        `${one.engine.name} ${one.engine.version}, Lanewise ${one.lanewise}`,
        one.by ?? '–',
        `[\`${one.sha256.slice(0, 8)}\`](records/${one.file}), ${one.date}`,
      ]),
    ),
  ];
}

/** What a training of the entries costs, where all of a table have the same net. */
const costOf = (entries) =>
  [
    ...new Set(
      entries.map(
        ({ form, changed, parameters, multiplyAdds, operations }) =>
          `${formOf({ form, changed })}: ${counts.format(parameters)} parameters, ${counts.format(multiplyAdds)} multiply-adds forward, ` +
          `${billions.format(operations / 1e9)} billion floating-point operations a training`,
      ),
    ),
  ].map((line) => `- ${line}`);

const [BEGIN, END] = ['<!-- records: begin -->', '<!-- records: end -->'];

/** docs/records.md with the tables of these entries between its two marks. */
export async function pageText(texts = entryFiles()) {
  const show = await built('lab/record-entry.js');
  const labs = await recordLabs();
  const entries = await entriesIn(texts, labs);
  const body = labs.flatMap((lab) => {
    const own = entries.filter((one) => one.lab === lab.name);
    const sets = [...new Set(own.map(({ data = 'none' }) => data))].toSorted();
    const tables = sets.flatMap((data) => {
      const some = own.filter((one) => (one.data ?? 'none') === data);
      return [`On \`${data}\`:`, '', ...tableOf(some, show), '', ...costOf(some), ''];
    });
    const none = 'No entry yet: it was not measured here.';
    return [
      `### ${lab.title}`,
      '',
      `\`npx lanewise lab ${lab.name}\``,
      '',
      ...(own.length > 0 ? tables : [none, '']),
    ];
  });
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const whole = `${before}${BEGIN}\n\n${body.join('\n')}\n${END}${rest.split(END)[1]}`;
  return format(whole, { ...(await resolveConfig(page)), filepath: page });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, await pageText());
  console.log(`${basename(page)} has ${Object.keys(entryFiles()).length} entries`);
}
