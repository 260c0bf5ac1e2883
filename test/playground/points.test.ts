/** The page of points as its visitor has it: drawn, pasted, learned without a network, and found again by the command. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadModel } from '../../src/trained/model-store.js';
import { drag, startBrowser, openPage, type Point, type WatchedPage } from '../support/browser.js';
import { run } from '../publish/packed.js';
import { browserPath, build, click, fill, serve, shoot, text, until } from './playground.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const withBrowser = browserPath === undefined ? test.skip : test;

const learned = (page: WatchedPage) =>
  until(page, `/^Learned/.test(document.getElementById('status').textContent)`);
const value = (page: WatchedPage, id: string): Promise<string> =>
  page.evaluate(`document.getElementById('${id}').value`);

/** The lines of the points, without the header. */
const lines = async (page: WatchedPage): Promise<string[]> =>
  (await value(page, 'csv')).trim().split('\n').slice(1);

/** Puts the eraser or a class into the visitor's hand. */
const choose = (page: WatchedPage, name: string) =>
  page.evaluate(`[...document.querySelectorAll('#classes label')]
    .find((label) => label.textContent === '${name}').click()`);

/** Places of the sheet, from 0 to 1, as those of the window. */
async function onSheet(page: WatchedPage, places: readonly Point[]): Promise<Point[]> {
  const [left, top, size] = await page.evaluate<[number, number, number]>(`(() => {
    const pad = document.getElementById('pad');
    pad.scrollIntoView({ block: 'center' });
    const { left, top, width } = pad.getBoundingClientRect();
    return [left, top, width];
  })()`);
  return places.map(([x, y]) => [left + size * x, top + size * y]);
}

/** Visits the page of points, as the playground's folder has it, and waits for its engine. */
async function visit(
  options: Parameters<typeof openPage>[2],
  check: (page: WatchedPage, url: string) => Promise<void>,
): Promise<void> {
  const server = await serve();
  const browser = await startBrowser(browserPath!);
  try {
    const page = await openPage(browser, `${server.url}points/`, options);
    await until(page, `document.getElementById('learn').disabled === false`);
    await check(page, server.url);
    assert.equal(page.complaints, []);
    assert.ok(page.addresses.every((address) => address.startsWith(server.url)));
  } finally {
    await browser.close();
    await server.close();
  }
}

/** What the command of the page finds for its points. */
async function byCommand(page: WatchedPage, folder: string): Promise<string> {
  await writeFile(join(folder, 'points.csv'), await value(page, 'csv'));
  const [npx, name, ...args] = (await text(page, 'command')).split(' ');
  assert.equal([npx, name], ['npx', 'lanewise']);
  const main = join(root, 'dist/src/bundle/main.js');
  const { stdout } = await run(process.execPath, [main, ...args, '--json'], { cwd: folder });
  return (JSON.parse(stdout) as { readonly sha256: string }).sha256;
}

withBrowser('drawn points are learned offline, and the command finds the same hash', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-points-'));
  try {
    await visit({ downloads: folder }, async (page) => {
      await page.context().setOffline(true);
      await fill(page, { steps: 60, width: 6, l2: 0.001, activation: 'tanh', seed: 3 });
      await click(page, '#clear');
      assert.match(await text(page, 'status'), 'Draw points');
      const row = (y: number) =>
        [0.15, 0.3, 0.45, 0.6, 0.75, 0.9].map((x): Point => [x, y + 0.1 * (x % 0.3)]);
      await drag(page, await onSheet(page, row(0.2)), 'mouse');
      assert.match(await text(page, 'status'), 'One class has points');
      await choose(page, 'B');
      await drag(page, await onSheet(page, row(0.5)), 'mouse');
      await click(page, '#add-class');
      await drag(page, await onSheet(page, row(0.8)), 'mouse');
      await learned(page);
      assert.is((await lines(page)).length, 18);
      assert.match((await lines(page))[0]!, /^-0\.7\d*,0\.\d+,A$/);
      assert.is(await text(page, 'counts'), '6 A, 6 B, 6 C');
      const found = await text(page, 'hash');
      assert.match(found, /^[\da-f]{64}$/);
      assert.is(await byCommand(page, folder), found);
      await shoot(page, 'points-drawn');

      await click(page, '#save-model');
      await click(page, '#save-json');
      await until(page, `new Promise((done) => setTimeout(() => done(true), 300))`);
      const model = await loadModel(join(folder, 'boundary.safetensors'));
      const { classes } = await model.predict(Float32Array.of(0, 0.6, 0, -0.6));
      assert.equal(
        [...classes].map((c) => model.classes![c]),
        ['A', 'C'],
        'the saved net takes points as they were drawn',
      );
      const json = JSON.parse(await readFile(join(folder, 'boundary.json'), 'utf8')) as {
        readonly classes: string[];
        readonly weights: Record<string, number[]>;
      };
      assert.equal(json.classes, ['A', 'B', 'C']);
      assert.is(
        Object.values(json.weights).flat().length,
        2 * 6 + 6 + 6 * 6 + 6 + 6 * 3 + 3,
        'all weights of both hidden layers and the last',
      );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

withBrowser('pasted text is learned in its own units, and refused by line and value', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-points-'));
  try {
    await visit({ width: 390, isDark: true }, async (page) => {
      await fill(page, { steps: 40, width: 4, held: 0.5 });
      await page.fill('#csv', 'Länge;Breite;Art\n1000,5;0,1;rot\n1100;0,2x;blau\n');
      await until(page, `!document.getElementById('csv-error').hidden`);
      assert.is(
        await text(page, 'csv-error'),
        "the text, line 3: y is '0,2x', expected a number. The points from before stay",
      );
      assert.is(await text(page, 'counts'), '100 A, 100 B', 'the points stay as they were');
      const rows = Array.from({ length: 12 }, (_, i) =>
        i % 2 ? `${1100 + i};0,2${i};blau` : `${1000 + i};0,1${i};rot`,
      );
      await page.fill('#csv', `Länge;Breite;Art\n${rows.join('\n')}\n`);
      await until(page, `document.getElementById('counts').textContent === '6 blau, 6 rot'`);
      await learned(page);
      assert.is(await text(page, 'accuracy'), '100.0 %');
      assert.match(await text(page, 'new-what'), 'on 6 held-out points');
      assert.match(await text(page, 'reach'), /^x 99\d.* to 1\d+/);
      assert.is(await byCommand(page, folder), await text(page, 'hash'), 'read with semicolons');
      for (const [seed, words] of [
        [-1, /^Seed is -1, expected a whole number of at least 0$/],
        [1.5, /^Seed is 1.5/],
      ] as const) {
        await fill(page, { seed });
        await until(page, `document.getElementById('error').textContent.includes('${seed}')`);
        assert.match(await text(page, 'error'), words);
      }
      await fill(page, { seed: 1, width: 0 });
      await until(page, `document.getElementById('error').textContent.startsWith('Units')`);
      assert.match(
        await text(page, 'error'),
        /^Units in each is 0, expected a whole number from 1/,
      );
      assert.is(await page.evaluate(`document.documentElement.scrollWidth`), 390);
      await shoot(page, 'points-pasted');
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

withBrowser('a finger draws, keys put and take points, and changes are undone', () =>
  visit({ width: 390 }, async (page) => {
    await page.evaluate(`document.getElementById('auto').click()`);
    await click(page, '#clear');
    const places: Point[] = [0.2, 0.4, 0.6, 0.8].map((x) => [x, 0.4]);
    await drag(page, await onSheet(page, places), 'touch');
    assert.is((await lines(page)).length, 4, 'the page does not scroll instead');
    await page.focus('#pad');
    for (const key of ['2', 'ArrowUp', ' ', 'ArrowLeft', 'Enter']) await page.keyboard.press(key);
    assert.equal((await lines(page)).slice(4), ['0,0.05,B', '-0.05,0.05,B']);
    assert.is(await text(page, 'status'), 'Changed since it learned');
    await page.keyboard.press('Delete');
    assert.is((await lines(page)).length, 5);
    await choose(page, 'Erase');
    await drag(page, await onSheet(page, places.slice(0, 2)), 'mouse');
    assert.is((await lines(page)).length, 3);
    for (let i = 0; i < 2; i++) await click(page, '#undo');
    assert.is((await lines(page)).length, 6);

    // A long run is stopped, and has no hash.
    await fill(page, { steps: 100_000 });
    await click(page, '#learn');
    await until(page, `/^Step/.test(document.getElementById('status').textContent)`);
    await click(page, '#learn');
    assert.match(await text(page, 'status'), /^Stopped at step \d+: only a whole run has a hash/);
    assert.is(await text(page, 'hash'), '–');
    assert.is(await text(page, 'learn'), 'Learn');
  }),
);

withBrowser('the playground leads to its pages and back, from any folder of a host', async () => {
  const { serveFolder } = (await import(
    pathToFileURL(join(root, 'examples/static-server.mjs')).href
  )) as { serveFolder(folder: string): Promise<{ url: string; close(): Promise<void> }> };
  const host = await serveFolder(dirname(await build()));
  const browser = await startBrowser(browserPath!);
  try {
    const page = await openPage(browser, `${host.url}playground/`);
    for (const [name, done] of [
      ['points', `document.getElementById('learn').disabled === false`],
      ['go', `document.getElementById('pass').disabled === false`],
    ] as const) {
      await page.click(`.pages a[href="${name}/"]`);
      await until(page, done);
      assert.is(page.url(), `${host.url}playground/${name}/`);
      await page.click('.back');
      await until(page, `document.getElementById('train')?.disabled === false`);
    }
    const pictures = await page.evaluate<number[]>(
      `[...document.querySelectorAll('.pages img')].map((one) => one.naturalWidth)`,
    );
    assert.ok(pictures.length === 2 && pictures.every((width) => width > 0));
    // This host sends no headers of its own: the playground then trains in one thread, and says so.
    assert.equal(
      page.complaints.filter((one) => !one.includes('not cross-origin isolated')),
      [],
    );
  } finally {
    await browser.close();
    await host.close();
  }
});

test.run();
