/** The page of the benchmarks in a real browser, as `npm run bench:page` serves it: measures, saves, compares. */
// slow: a browser
// alone: measures on two threads
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseResults, printResults } from '../../src/benchmark/results.js';
import { findBrowser, openPage, startBrowser, type WatchedPage } from '../support/browser.js';

const browserPath = findBrowser();
if (browserPath === undefined)
  console.log('SKIPPED: there is no Chromium on the path, and none in CHROME');

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Opens the page in a browser of its own. */
async function onPage(
  flags: readonly string[],
  options: { readonly width?: number; readonly isDark?: boolean },
  check: (page: WatchedPage, url: string) => Promise<void>,
): Promise<void> {
  const args = ['examples/bench/serve.mjs', '--port', '0', ...flags];
  const server = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      server.stdout.once('data', (data: Buffer) => resolve(/http:\S+/.exec(data.toString())![0]));
      server.once('exit', (code) => reject(new Error(`the server ended: ${code}`)));
    });
    const browser = await startBrowser(browserPath!);
    try {
      const page = await openPage(browser, url, options);
      await until(page, `!document.getElementById('run').disabled`);
      await check(page, url);
    } finally {
      await browser.close();
    }
  } finally {
    server.kill();
  }
}

const PATIENCE_MS = 90_000;

/** Waits; a page that says that something is wrong need not be waited for. */
async function until(page: WatchedPage, condition: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await page.evaluate<boolean>(condition))) {
    const wrong = await text(page, 'error');
    assert.is(wrong, '');
    assert.ok(performance.now() < end, `${condition}: not after ${PATIENCE_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const text = (page: WatchedPage, id: string): Promise<string> =>
  page.evaluate(`document.getElementById('${id}').textContent`);

const begin = (page: WatchedPage, names: readonly string[], seconds: number, threads: number) =>
  page.evaluate(`(() => {
    const byId = (id) => document.getElementById(id);
    byId('none').click();
    for (const name of ${JSON.stringify(names)}) document.querySelector('input[value="' + name + '"]').click();
    byId('seconds').value = ${seconds};
    byId('threads').value = ${threads};
    byId('run').click();
  })()`);

const measured = (page: WatchedPage): Promise<void> =>
  until(page, `document.getElementById('status').textContent.startsWith('Measured')`);

/** What the button would save. */
const saved = (page: WatchedPage): Promise<string> =>
  page.evaluate(`new Promise((resolve) => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      URL.createObjectURL = make;
      resolve(blob.text());
      return make.call(URL, blob);
    };
    document.getElementById('save').click();
  })`);

const compareWith = (page: WatchedPage, name: string, contents: string): Promise<void> =>
  page.evaluate(`(async () => {
    const files = new DataTransfer();
    files.items.add(new File([${JSON.stringify(contents)}], ${JSON.stringify(name)}));
    const input = document.getElementById('file');
    input.files = files.files;
    input.dispatchEvent(new Event('change'));
    // The file is read meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 300));
  })()`);

/** A row's cells, lines joined. */
const rows = (page: WatchedPage): Promise<string[][]> =>
  page.evaluate(
    `[...document.querySelectorAll('#rows tr')].map((row) => [...row.cells].map((cell) => cell.innerText.replace(/\\s+/g, ' ').trim()))`,
  );

const overflow = (page: WatchedPage): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - innerWidth');

if (browserPath !== undefined) {
  test('the page measures on threads, fills its table, saves results that are valid, and compares them', () =>
    onPage([], { width: 390, isDark: true }, async (page, url) => {
      const names = ['ceiling', 'mlp-b64', 'lenet5-infer-b1'];
      await begin(page, names, 1, 2);
      await until(page, `document.getElementById('rows').textContent.includes('measuring')`);
      await measured(page);
      const found = parseResults(await saved(page), 'saved.json');
      assert.equal(
        found.rows.map(({ workload, threads, unit }) => [workload, threads, unit]),
        [
          ['ceiling', 1, 'GFLOP/s'],
          ['mlp-b64', 2, 'images/s'],
          ['lenet5-infer-b1', 1, 'µs'],
        ],
      );
      assert.match(found.engine.name, /chrom/);
      assert.match(found.engine.version, /^\d+\.\d/);
      assert.equal([found.threads, found.cpu, found.seconds], ['shared', null, 1]);
      for (const [i, [name, value, bound]] of (await rows(page)).entries()) {
        assert.match(name!, names[i]!);
        assert.match(value!, /^[\d,.]+ (GFLOP\/s|images\/s|µs) [\d,.]+ – [\d,.]+$/);
        assert.match(bound!, /^\d+ %$/);
      }

      const [ceiling, mlp, infer] = found.rows;
      const slow = mlp!.value / 3;
      const other = {
        ...found,
        engine: { name: '<img src=x onerror="document.title = 1">', version: '1.0' },
        rows: [ceiling!, { ...mlp!, value: slow, spread: [slow, slow] }, { ...infer!, threads: 3 }],
      };
      await compareWith(page, 'other.json', JSON.stringify(other));
      const compared = (await rows(page)).map(([name, , , , verdict]) => [name, verdict]);
      assert.equal(compared[0], ['ceiling 1 thread', compared[0]![1]]);
      assert.match(compared[0]![1]!, /^1\.00× within noise, /);
      assert.match(compared[1]![1]!, /^3\.00× better, /);
      assert.equal(compared.slice(2), [
        ['lenet5-infer-b1 1 thread', '–'],
        ['lenet5-infer-b1 3 threads', '–'],
      ]);
      assert.match(await text(page, 'differences'), /^Different, there and here: engine \(<img /);
      assert.ok((await overflow(page)) <= 0);

      await compareWith(page, 'half.json', printResults(found).slice(0, 100));
      assert.match(await text(page, 'file-error'), /^'half\.json' is not JSON: /);
      await compareWith(page, 'large.json', ' '.repeat(1_100_000));
      assert.match(await text(page, 'file-error'), /^'large\.json' has 1100000 bytes, /);
      assert.equal(page.complaints, []);
      assert.match(await page.evaluate('document.title'), 'Lanewise');
      assert.ok(
        page.addresses.every((request) => request.startsWith(url) || request.startsWith('blob:')),
      );
      const unnamed = `[...document.querySelectorAll('input, select, button')].filter((each) => !each.labels?.length && !each.textContent).length`;
      assert.is(await page.evaluate(unnamed), 0);
    }));

  test('without isolation the page says what is missing and measures one thread; a stop leaves it ready for the next', () =>
    onPage(['--no-isolation'], {}, async (page) => {
      assert.match(await text(page, 'notes'), /the page is not cross-origin isolated/);
      assert.is(await text(page, 'threads'), '1');
      await begin(page, ['ceiling', 'sgemm-1024'], 50, 1);
      await until(page, `document.getElementById('rows').textContent.includes('measuring')`);
      await page.evaluate(`document.getElementById('stop').click()`);
      assert.is(await text(page, 'status'), 'Stopped after 0 of 2 workloads.');
      await until(page, `!document.getElementById('run').disabled`);
      await begin(page, ['lenet5-infer-b256'], 1, 1);
      await measured(page);
      const found = parseResults(await saved(page), 'saved.json');
      assert.is(found.threads, 'none');
      assert.is(found.rows.length, 1);
      assert.ok((await overflow(page)) <= 0);
      assert.equal(
        page.complaints.filter((line) => !line.startsWith('Lanewise: memory cannot be shared')),
        [],
      );
    }));
}

test.run();
