/** The page of Go as its visitor has it: one plays against the net, by mouse or keys, and games end as the rules say. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until, text } from '../playground/playground.js';
import { findBrowser, openPage, startBrowser, type WatchedPage } from '../support/browser.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const path = findBrowser();
const withBrowser = path === undefined ? test.skip : test;

const yourTurn = (page: WatchedPage) => until(page, `!document.getElementById('pass').disabled`);

/** The stones on the board, row by row, as '.', 'X' and 'O'. */
const board = (page: WatchedPage): Promise<string> =>
  page.evaluate(`[...document.querySelectorAll('#board button')]
    .map((point) => ({ black: 'X', white: 'O' })[point.dataset.stone] ?? '.').join('')`);
const point = (page: WatchedPage, place: number) => page.locator('#board button').nth(place);
const stones = (rows: string, stone: string) => [...rows].filter((one) => one === stone).length;

withBrowser('one plays against the net, takes moves back, and games are counted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-go-'));
  const { buildGo } = (await import(join(root, 'examples/go/build.mjs'))) as {
    buildGo(to: string): Promise<string>;
  };
  const { servePlayground } = (await import(join(root, 'examples/playground/serve.mjs'))) as {
    servePlayground(folder: string): Promise<{ url: string; close(): Promise<void> }>;
  };
  const site = await servePlayground(await buildGo(join(folder, 'site')));
  const browser = await startBrowser(path!);
  try {
    const page = await openPage(browser, site.url, { width: 390 });
    await yourTurn(page);
    assert.is(await board(page), '.'.repeat(25));
    assert.is(
      await page.evaluate(`document.documentElement.scrollWidth`),
      390,
      'nothing is cut off',
    );

    await point(page, 12).click();
    await until(page, `document.querySelectorAll('[data-stone=white]').length === 1`);
    await yourTurn(page);
    const answered = await board(page);
    assert.is(stones(answered, 'X'), 1);
    assert.ok(await point(page, 12).isDisabled(), 'a point with a stone is taken');
    assert.is(await point(page, 12).getAttribute('aria-label'), 'C3, black');

    // By keys: the next free point of the board.
    const free = [...answered].findIndex((one) => one === '.');
    await point(page, free).focus();
    await page.keyboard.press('Enter');
    await until(page, `document.querySelectorAll('[data-stone=black]').length === 2`);
    await yourTurn(page);
    await page.click('#undo');
    await yourTurn(page);
    assert.is(await board(page), answered, 'the move and its answer are taken back');

    await page.check('#thoughts');
    assert.match(await text(page, 'chances'), /^Black \d+ %, White \d+ %$/);

    // As White the net begins, in the centre.
    await page.uncheck('#thoughts');
    await page.selectOption('#colour', { label: 'White' });
    await yourTurn(page);
    assert.is(await board(page), `${'.'.repeat(12)}X${'.'.repeat(12)}`);

    // White passes only; Black wins with all the board when it passes too.
    for (let moves = 0; moves < 60; moves++) {
      if (/wins by/.test(await text(page, 'status'))) break;
      await page.click('#pass');
      await until(
        page,
        `!document.getElementById('pass').disabled || /wins/.test(document.getElementById('status').textContent)`,
      );
    }
    assert.match(
      await text(page, 'status'),
      /^Black wins by 5: Black has 25 points, White 0 and 20/,
    );
    assert.equal(page.complaints, []);
    assert.ok(page.addresses.every((address) => address.startsWith(site.url)));
  } finally {
    await browser.close();
    await site.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
