/** The page: the form, the table that fills, and results as files. The worker does the measuring. */
import { compareResults } from '../../src/benchmark/compare.js';
import {
  MOST_RESULT_BYTES,
  parseResults,
  printResults,
  resultsOf,
  type Circumstances,
  type Results,
  type Row,
} from '../../src/benchmark/results.js';
import type { Numerics } from '../../src/engine/features.js';
import { byId, make, say } from './dom.js';
import type { Answer, Place, Request } from './messages.js';
import { fillTable, type Line } from './table.js';

let worker: Worker;
let place: Place | undefined;
let lines: Line[] = [];
/** The request whose rows the table shows. */
let measured: Circumstances | undefined;
let there: { readonly name: string; readonly results: Results } | undefined;

const rowsOf = (): Row[] =>
  lines.flatMap(({ state }) => (typeof state === 'object' ? [state] : []));

const here = (): Results | undefined => measured && resultsOf(measured, rowsOf());

const checkboxes = (): HTMLInputElement[] => [
  ...byId('workloads').querySelectorAll<HTMLInputElement>('input'),
];

function startWorker(): void {
  worker = new Worker(new URL('./code/bench.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => hear(data);
  worker.onerror = (event) => fail(event.message || 'its script cannot be loaded');
}

function hear(answer: Answer): void {
  if (answer.kind === 'ready') begin(answer);
  if (answer.kind === 'begun') change(answer.name, 'begun');
  if (answer.kind === 'row') change(answer.row.workload, answer.row);
  if (answer.kind === 'failed') fail(answer.reason);
  if (answer.kind === 'done') end(`Measured ${lines.length} workloads.`);
}

/** Builds the form once the choices are known; after a stop it exists already. */
function begin({ place: found, names, numerics, notes }: Answer & { kind: 'ready' }): void {
  const isFirst = !place;
  place = found;
  byId<HTMLButtonElement>('run').disabled = false;
  byId<HTMLFieldSetElement>('settings').disabled = false;
  if (!isFirst) return;
  const counts = Array.from(
    { length: found.threads === 'shared' ? found.cores : 1 },
    (_, i) => i + 1,
  );
  byId('threads').append(...counts.map((count) => make('option', {}, String(count))));
  byId('numerics').append(...numerics.map((each) => make('option', {}, each)));
  const items = names.map((value) =>
    make(
      'li',
      {},
      make('label', {}, make('input', { type: 'checkbox', value, checked: true }), value),
    ),
  );
  byId('workloads').append(...items);
  byId('notes').append(...notes.map((note) => make('li', {}, note)));
  countChosen();
  const { engine, cores } = found;
  say('status', `${engine.name} ${engine.version}, ${coresOf(cores)}: ready.`);
}

function countChosen(): void {
  const boxes = checkboxes();
  byId('count').textContent = `${boxes.filter((box) => box.checked).length} of ${boxes.length}`;
}

function run(): void {
  const names = checkboxes().flatMap(({ checked, value }) => (checked ? [value] : []));
  if (!place || names.length === 0) return say('error', 'Choose a workload.');
  const request: Request = {
    names,
    threads: Number(byId<HTMLSelectElement>('threads').value),
    numerics: byId<HTMLSelectElement>('numerics').value as Numerics,
    seconds: byId<HTMLInputElement>('seconds').valueAsNumber,
  };
  const { numerics, seconds } = request;
  measured = { ...place, date: new Date().toISOString(), cpu: null, numerics, seconds };
  lines = names.map((name) => ({ name, state: 'waiting' }));
  setBusy(true);
  say('error');
  say('status', 'Measuring what registers alone do …');
  worker.postMessage(request);
  show();
}

function change(name: string, state: Line['state']): void {
  lines = lines.map((line) => (line.name === name ? { name, state } : line));
  const done = rowsOf().length;
  byId<HTMLProgressElement>('progress').value = done / lines.length;
  if (state === 'begun') say('status', `${name}: ${done + 1} of ${lines.length}`);
  show();
}

function setBusy(isBusy: boolean): void {
  byId<HTMLButtonElement>('run').disabled = isBusy;
  byId<HTMLButtonElement>('stop').disabled = !isBusy;
  byId<HTMLFieldSetElement>('settings').disabled = isBusy;
  if (isBusy) byId<HTMLProgressElement>('progress').value = 0;
}

function end(status: string): void {
  setBusy(false);
  say('status', status);
  lines = lines.map((line) =>
    typeof line.state === 'object' ? line : { ...line, state: 'left out' },
  );
  show();
}

function fail(reason: string): void {
  say('error', reason);
  end('Not measured.');
}

/** A worker in the middle of a measurement receives no messages, so another one replaces it. */
function stop(): void {
  worker.terminate();
  end(`Stopped after ${rowsOf().length} of ${lines.length} workloads.`);
  byId<HTMLButtonElement>('run').disabled = true;
  startWorker();
}

const coresOf = (cores: number): string => `${cores} ${cores === 1 ? 'core' : 'cores'}`;

const describe = ({ engine, cpu, cores, numerics, date, lanewise }: Circumstances): string =>
  [
    `${engine.name} ${engine.version}`,
    ...(cpu === null ? [] : [cpu]),
    `${coresOf(cores)}, ${numerics} numerics, ${date.slice(0, 10)}, Lanewise ${lanewise}`,
  ].join(', ');

function show(): void {
  const mine = here();
  say('here', mine ? `Here: ${describe(mine)}` : 'Here: nothing is measured yet.');
  say('there', there && `There: ${there.name}, ${describe(there.results)}`);
  byId('forget').hidden = !there;
  byId<HTMLButtonElement>('save').disabled = !mine || mine.rows.length === 0;
  let comparison;
  try {
    comparison = mine && there && compareResults(there.results, mine);
  } catch (error) {
    say('file-error', (error as Error).message);
    there = undefined;
  }
  const differences = comparison?.differences.join(', ');
  say('differences', differences && `Different, there and here: ${differences}`);
  fillTable(lines, there?.results.rows, comparison?.rows);
}

function save(): void {
  const results = here();
  if (!results) return;
  const url = URL.createObjectURL(new Blob([printResults(results)], { type: 'application/json' }));
  const day = results.date.slice(0, 10);
  const name = results.engine.name.replaceAll(/[^a-z]+/g, '-');
  make('a', { href: url, download: `lanewise-${name}-${day}.json` }).click();
  // The browser has to start the download first.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function load(file: File): Promise<void> {
  say('file-error');
  try {
    if (file.size > MOST_RESULT_BYTES)
      throw new Error(
        `'${file.name}' has ${file.size} bytes, and results at most ${MOST_RESULT_BYTES}`,
      );
    there = { name: file.name, results: parseResults(await file.text(), file.name) };
  } catch (error) {
    say('file-error', (error as Error).message);
  }
  show();
}

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
byId('stop').addEventListener('click', stop);
byId('save').addEventListener('click', save);
byId('forget').addEventListener('click', () => {
  there = undefined;
  show();
});
byId('workloads').addEventListener('change', countChosen);
for (const [id, checked] of [
  ['all', true],
  ['none', false],
] as const) {
  byId(id).addEventListener('click', () => {
    for (const box of checkboxes()) box.checked = checked;
    countChosen();
  });
}
byId<HTMLInputElement>('file').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  const [file] = input.files ?? [];
  if (file) void load(file);
  // Choosing the same file again is a change too.
  input.value = '';
});
show();
startWorker();
