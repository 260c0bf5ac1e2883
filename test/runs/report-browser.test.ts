/** The report in a real browser: every chart is drawn, without complaints or requests, and the page follows a run. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeRateRange } from '../../src/runs/report/rate-range-page.js';
import { writeComparison, writeReport } from '../../src/runs/report/write.js';
import { writeSweep } from '../../src/runs/sweep/sweep-file.js';
import { writeSweepReport } from '../../src/runs/sweep/sweep-page.js';
import { watchRun } from '../../src/runs/watch.js';
import { inFolder } from '../cli/lanewise.js';
import {
  findBrowser,
  openPage,
  startBrowser,
  type Browser,
  type WatchedPage,
} from '../support/browser.js';
import { makeRun } from '../support/run-folder.js';

const path = findBrowser();
if (path === undefined)
  console.log('SKIPPED: there is no Chromium on the path, and none in CHROME');

/** Ids of the charts in the page's data, and of those whose canvas has something on it besides axes. */
const DRAWN = `(() => {
  const charts = JSON.parse(document.getElementById('data').textContent).charts;
  const drawn = charts.filter(({ id }) => {
    const canvas = document.querySelector('#' + id + ' canvas');
    if (!canvas || canvas.width < 100) return false;
    const box = document.querySelector('#' + id + ' .u-over').getBoundingClientRect();
    const outer = canvas.getBoundingClientRect();
    const scale = canvas.width / outer.width;
    const { data } = canvas.getContext('2d').getImageData(
      (box.left - outer.left) * scale, (box.top - outer.top) * scale, box.width * scale, box.height * scale);
    // The grid is grey; curves are coloured.
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b, a] = data.slice(i, i + 4);
      if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 40) coloured++;
    }
    return coloured > 40;
  });
  return { charts: charts.map(({ id }) => id), drawn: drawn.map(({ id }) => id) };
})()`;

async function checkDrawn(page: WatchedPage, expected: number): Promise<void> {
  const { charts, drawn } = await page.evaluate<{ charts: string[]; drawn: string[] }>(DRAWN);
  assert.is(charts.length, expected);
  assert.equal(drawn, charts);
  assert.equal(page.complaints, []);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  assert.ok(width <= 0, `the page is ${width} pixels wider than the window`);
  const nameless = 'canvas:not([aria-label]), img:not([alt]), figure:not([aria-labelledby])';
  assert.is(await page.evaluate(`document.querySelectorAll('${nameless}').length`), 0);
}

async function inBrowser(
  check: (browser: Browser, folder: string) => Promise<void>,
): Promise<void> {
  const browser = await startBrowser(path!);
  try {
    await inFolder((folder) => check(browser, folder));
  } finally {
    await browser.close();
  }
}

/** The page of a sweep of six settings, one of them diverged. */
async function makeSweep(folder: string): Promise<string> {
  await mkdir(folder);
  const rows = [0.001, 0.01, 0.03, 0.1, 0.2, 3].map((lr, i) => ({
    number: i + 1,
    values: { lr, 'rule <b>': i % 2 === 0 ? 'adam' : 'sgd' },
    state: i === 5 ? ('diverged' as const) : ('finished' as const),
    ...(i === 5 ? { message: EVIL } : { score: 0.5 + i / 10 }),
    history: [1, 2, 3].map((epoch) => ({
      epoch,
      loss: 1 / epoch,
      valLoss: (i + 1) / epoch,
      valAccuracy: 0.3 + (epoch * i) / 20,
      imagesPerSecond: 1,
    })),
    seconds: 1,
  }));
  const space = { lr: { from: 0.001, to: 3, log: true }, 'rule <b>': ['adam', 'sgd'] };
  const judge = { figure: 'valAccuracy', better: 'higher' } as const;
  await writeSweep(folder, { space, ...judge, description: {}, rows, best: 5 });
  return writeSweepReport(folder);
}

/** The page of a range test. */
async function makeRange(file: string): Promise<string> {
  const points = Array.from({ length: 60 }, (_, i) => {
    const [rate, loss] = [10 ** (-6 + i / 10), 2.3 - i / 40 + (i > 50 ? (i - 50) ** 3 : 0)];
    return { rate, loss, smoothed: loss };
  });
  const found = { points, suggestion: 0.01, steepest: 0.02, minimumOverTen: 0.005 };
  await writeRateRange(file, found, { title: EVIL, about: '60 steps' });
  return file;
}

const EVIL = '<script>document.title = "caught"</script><img src=x onerror="document.title = 1">';

if (path !== undefined) {
  test('reports and a comparison are drawn whole, wide and narrow, light and dark', () =>
    inBrowser(async (browser, folder) => {
      const [a, b] = [join(folder, 'a'), join(folder, 'b')];
      await makeRun(a, { rounds: 10 });
      await makeRun(b, { rounds: 10, lr: 0.01, waiting: 0.43, classes: [EVIL, ...'123456789'] });
      const compared = await writeComparison([a, b], join(folder, 'compared.html'));
      for (const [file, charts, options] of [
        [await writeReport(a), 20, {}],
        [await writeReport(b), 19, { width: 390, isDark: true }],
        [compared, 6, { isDark: true }],
        [await makeSweep(join(folder, 'sweep')), 5, { width: 700 }],
        [await makeRange(join(folder, 'range.html')), 1, {}],
        [compared, 6, { width: 390 }],
      ] as const) {
        const url = pathToFileURL(file).href;
        const page = await openPage(browser, url, options);
        await checkDrawn(page, charts);
        assert.equal(page.addresses, [url]);
        assert.match(await page.evaluate('document.title'), 'Lanewise');
        if (options.width === 390 && charts > 6)
          assert.match(
            await page.evaluate('document.body.innerText'),
            'Data, not compute, was the limit: 43 % ',
          );
        await page.close();
      }
    }));

  test('what is served follows the run, and keeps its charts', () =>
    inBrowser(async (browser, folder) => {
      await makeRun(join(folder, 'done'), { rounds: 10 });
      const lines = (await readFile(join(folder, 'done', 'metrics.jsonl'), 'utf8'))
        .trim()
        .split('\n');
      const live = join(folder, 'live');
      await mkdir(live);
      const { url, close } = await watchRun(live);
      try {
        const page = await openPage(browser, url);
        const shown = (what: string) =>
          page.evaluate<string>(`new Promise((resolve) => {
            const look = () => document.body.innerText.includes(${JSON.stringify(what)})
              ? resolve(document.body.innerText) : setTimeout(look, 50);
            look();
          })`);
        await shown('not begun');
        await writeFile(join(live, 'metrics.jsonl'), `${lines.slice(0, 10).join('\n')}\n`);
        await shown('no end is logged');
        await page.evaluate(`document.getElementById('loss').marked = true`);
        await appendFile(join(live, 'metrics.jsonl'), `${lines.slice(10).join('\n')}\n`);
        await shown('finished');
        assert.is(await page.evaluate(`document.getElementById('loss').marked`), true);
        assert.is(await page.evaluate(`document.getElementById('live').textContent`), 'live');
        const drawn = `document.querySelectorAll('.charts canvas').length`;
        assert.is(await page.evaluate(drawn), 19);
        assert.equal(page.complaints, []);
        assert.ok(page.addresses.every((request) => request.startsWith(url)));
      } finally {
        await close();
      }
    }));
}

test.run();
