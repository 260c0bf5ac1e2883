// Which files a run of LeNet-5 executes, by V8's coverage of real runs, and the list of them in docs/architecture.md.
//   node scripts/build.mjs --tests && node scripts/architecture.mjs      writes the list
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/architecture.md');
const place = /(<!-- files -->)[^]*(<!-- \/files -->)/;

/** The folders of a minibatch's way, and of the program that runs there. */
const covered = ['compiler', 'crew', 'engine', 'feed', 'graph', 'program', 'runs', 'step', 'train'];

/** Files of src of which a run with so many workers calls a function that has a name. */
function executedWith(workers) {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-coverage-'));
  const command = ['train', 'lenet5', '--data', 'digits', '--epochs', '1', '--limit', '128'];
  try {
    execFileSync(
      process.execPath,
      [
        join(root, 'dist/src/cli/main.js'),
        ...command,
        '--workers',
        `${workers}`,
        '--out',
        join(folder, 'run'),
      ],
      { env: { ...process.env, NODE_V8_COVERAGE: join(folder, 'coverage') }, stdio: 'ignore' },
    );
    const scripts = readdirSync(join(folder, 'coverage')).flatMap(
      (name) => JSON.parse(readFileSync(join(folder, 'coverage', name), 'utf8')).result,
    );
    return scripts
      .filter(({ functions }) =>
        functions.some(({ functionName, ranges }) => functionName !== '' && ranges[0].count > 0),
      )
      .map(({ url }) => /\/dist\/src\/(.*)\.js$/.exec(url)?.[1])
      .filter((path) => path !== undefined)
      .map((path) => `${path}.ts`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Threads are ended before they write their coverage: without workers the calling thread does their part. */
export function executedFiles() {
  const files = new Set([...executedWith(2), ...executedWith(0)]);
  return [...files].filter((file) => covered.includes(file.split('/')[0])).toSorted();
}

/** The first sentence of a file's header. */
export function headerOf(file) {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  const header = /^\/\*\*([^]*?)\*\//.exec(text)?.[1] ?? '';
  const line = header
    .replaceAll(/^ *\* ?/gm, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return /^.*?(?<! al| ch)\.(?= |$)/.exec(line)?.[0] ?? line;
}

/** The page with the list of these files in it. */
export async function withList(text, files) {
  const list = files.map((file) => `- \`${file}\`: ${headerOf(file)}`).join('\n');
  const filled = text.replace(place, (_, begin, end) => `${begin}\n\n${list}\n\n${end}`);
  const options = await resolveConfig(page);
  return format(filled, Object.assign({}, options, { parser: 'markdown' }));
}

export const readPage = () => readFileSync(page, 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(page, await withList(readPage(), executedFiles()));
