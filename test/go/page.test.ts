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

    const name = (place: number) => `${'ABCDE'[place % 5]!}${5 - Math.floor(place / 5)}`;
    assert.is(
      await text(page, 'status'),
      `White played ${name([...answered].indexOf('O'))}. Your move, as Black.`,
    );
    await point(page, 12).click({ force: true });
    assert.is(await text(page, 'status'), 'C3 is taken. Your move, as Black.');

    // By keys: the board is one stop, from which arrows go on, and which keeps its place.
    const focused = () => page.evaluate<string>(`document.activeElement.ariaLabel`);
    const free = [...answered].findIndex((one) => one === '.');
    await point(page, 12).focus();
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft'])
      await page.keyboard.press(key);
    assert.match(await focused(), /^A5, /, 'the edge of the board is the end of the way');
    for (let step = 0; step < free; step++) await page.keyboard.press('ArrowRight');
    assert.is(await focused(), `${name(free)}, empty`);
    await page.keyboard.press('Enter');
    await until(page, `document.querySelectorAll('[data-stone=black]').length === 2`);
    await yourTurn(page);
    assert.is(await focused(), `${name(free)}, black`);
    assert.is(await page.evaluate(`document.querySelectorAll('#board [tabindex="0"]').length`), 1);
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
