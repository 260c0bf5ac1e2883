/** The rest of the page: by keyboard alone, with edited layers, with files, and as a server gives it. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { inFolder } from '../cli/lanewise.js';
import type { WatchedPage } from '../support/browser.js';
import {
  browserPath,
  click,
  fill,
  serve,
  shoot,
  text,
  trained,
  until,
  visit,
} from './playground.js';

if (browserPath === undefined)
  console.log('SKIPPED: there is no Chromium on the path, and none in CHROME');

const mnist = resolve(process.env['LANEWISE_DATA'] ?? '../shared/data/mnist');

/** Presses Tab until the element has the focus. */
async function tabTo(page: WatchedPage, selector: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    const isThere = `document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`;
    if (await page.evaluate<boolean>(isThere)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${selector}`);
}

if (browserPath !== undefined) {
  test('everything can be done by keyboard, and has a name', () =>
    visit({ width: 360, height: 740 }, async (page) => {
      await fill(page, { count: 1000, epochs: 1 });
      await tabTo(page, 'summary');
      await page.keyboard.press('Enter');
      await tabTo(page, 'input[name=model]');
      await page.keyboard.press('ArrowDown');
      assert.is(await text(page, 'train'), 'Train the dense net');
      await page.evaluate('document.activeElement.blur()');
      await tabTo(page, '#train');
      await page.keyboard.press('Enter');
      await trained(page);
      assert.is(await page.evaluate('document.activeElement.id'), 'train');
      assert.match(await text(page, 'live'), /^Trained in .* accuracy/);

      await tabTo(page, '#pad');
      await page.keyboard.press(' ');
      for (let i = 0; i < 24; i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press(' ');
      await until(
        page,
        `/^It looks like 1/.test(document.getElementById('predicted').textContent)`,
      );
      await page.keyboard.press('Escape');
      await until(page, `document.getElementById('seen').ariaLabel.includes('empty')`);
      await tabTo(page, '#sample');
      await page.keyboard.press('Enter');
      await until(page, `document.querySelector('#bars .best') !== null`);
      assert.not.ok(await page.evaluate(`document.getElementById('save').disabled`));

      const nameless = await page.evaluate<
        string[]
      >(`[...document.querySelectorAll('button, input, select, canvas')]
        .filter((one) => !one.closest('[hidden]') && !one.ariaLabel && !one.labels?.length && !one.textContent.trim())
        .map((one) => one.outerHTML)`);
      assert.equal(nameless, []);
      const heads = 'table th[scope=row], table th[scope=col]';
      assert.is(await page.evaluate(`document.querySelectorAll('${heads}').length`), 20);
      assert.equal(page.complaints, []);
    }));

  test('layers are checked as they are edited, and train', () =>
    visit({}, async (page) => {
      await click(page, 'summary');
      await click(page, 'input[value=layers]');
      const outputs = `[...document.querySelectorAll('#layers output')].map((one) => one.value)`;
      await until(page, `${outputs}[9] === '→ 10'`);
      assert.is(await page.evaluate(`${outputs}[0]`), '→ 8×28×28');
      const set = (value: number) =>
        page.evaluate(`(() => {
          const field = document.querySelectorAll('#layers li')[0].querySelectorAll('input')[1];
          field.value = ${value};
          field.dispatchEvent(new Event('input', { bubbles: true }));
        })()`);
      await set(50);
      await until(page, `document.querySelector('#layers li').classList.contains('wrong')`);
      // The engine's own words, at the layer that they are about.
      assert.match(
        await page.evaluate<string>(`${outputs}[0]`),
        /conv2d1.*50×50.*28×28|conv2d1.*28×28.*50×50|conv2d.*50/,
      );
      await shoot(page, 'desktop-layers');
      await click(page, '#train');
      await until(page, `!document.getElementById('train-error').hidden`);
      assert.match(await text(page, 'train-error'), /^layer 1: /);
      await set(5);
      await until(page, `${outputs}[9] === '→ 10'`);

      await click(page, '#layers li:nth-child(2) [data-tool=remove]');
      await until(page, `document.querySelectorAll('#layers li').length === 9`);
      await click(page, '#add-layer');
      assert.is(await page.evaluate(`document.querySelectorAll('#layers li').length`), 10);
      await click(page, '#layers li:nth-child(9) [data-tool=remove]');
      await fill(page, { count: 1000, epochs: 1 });
      await click(page, '#train');
      await until(page, `document.getElementById('train').textContent === 'Pause'`);
      await trained(page);
      assert.is(await page.evaluate(`document.querySelectorAll('#filters canvas').length`), 8);
      assert.equal(page.complaints, []);
    }));

  test('a run is paused, goes on, and is stopped with its model', () =>
    visit({}, async (page) => {
      await fill(page, { epochs: 500 });
      await click(page, '#train');
      await until(page, `document.querySelector('#filters canvas') !== null`);
      await click(page, '#train');
      const value = () => page.evaluate<number>(`document.getElementById('progress').value`);
      // The steps that were under way when it was pressed are done.
      await until(
        page,
        `new Promise((done) => {
        const before = document.getElementById('progress').value;
        setTimeout(() => done(document.getElementById('progress').value === before), 600);
      })`,
      );
      const before = await value();
      assert.is(await text(page, 'status'), 'Paused');
      await click(page, '#train');
      await until(page, `document.getElementById('progress').value > ${before}`);
      await click(page, '#stop');
      await trained(page);
      assert.match(await text(page, 'status'), /^Stopped/);
      assert.match(await text(page, 'hash'), /^[0-9a-f]{64}$/);
      assert.equal(page.complaints, []);
    }));

  test('files that are no MNIST, and no model, are refused in the engine’s words', () =>
    visit({}, (page) =>
      inFolder(async (folder) => {
        const [images, labels] = [join(folder, 'images-idx3'), join(folder, 'labels-idx1')];
        await writeFile(images, 'no images at all');
        await writeFile(labels, 'nor labels');
        await page.setInputFiles('#data-files', [images, labels]);
        await until(page, `!document.getElementById('data-error').hidden`);
        assert.match(await text(page, 'data-error'), "'images-idx3': not an IDX file");
        const model = join(folder, 'broken.safetensors');
        await writeFile(model, 'not a model');
        await page.setInputFiles('#model-file', [model]);
        await until(page, `!document.getElementById('file-error').hidden`);
        assert.match(await text(page, 'file-error'), "'broken.safetensors'");
        assert.equal(page.complaints, []);
      }),
    ));

  if (existsSync(join(mnist, 'train-images-idx3-ubyte.gz'))) {
    test('MNIST’s own files train', () =>
      visit({}, async (page) => {
        const names = ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'];
        await page.setInputFiles(
          '#data-files',
          names.map((name) => join(mnist, name)),
        );
        const note = `document.getElementById('data-note').textContent`;
        await until(page, `${note}.includes('8,333 to train on, 1,667 unseen')`);
        await fill(page, { epochs: 1 });
        await click(page, '#train');
        await trained(page);
        assert.ok(parseFloat(await text(page, 'accuracy')) > 85, await text(page, 'accuracy'));
        assert.equal(page.complaints, []);
      }));
  } else console.log(`SKIPPED: there is no MNIST in ${mnist}`);
}

test('the server gives what is in its folder, with its headers, and nothing else', async () => {
  const { url, close } = await serve();
  const { port } = new URL(url);
  const get = (path: string, method = 'GET') =>
    new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
      // As it stands: fetch would take the dots away.
      request({ port, path, method }, (response) => {
        response.resume();
        resolve({ status: response.statusCode!, headers: response.headers });
      })
        .on('error', reject)
        .end();
    });
  try {
    const { status, headers } = await get('/');
    assert.is(status, 200);
    assert.is(headers['cross-origin-opener-policy'], 'same-origin');
    assert.is(headers['cross-origin-embedder-policy'], 'require-corp');
    assert.match(
      String(headers['content-security-policy']),
      "script-src 'self' 'wasm-unsafe-eval'",
    );
    const { headers: wasm } = await get('/lanewise/wasm/fused.wasm');
    assert.is(wasm['content-type'], 'application/wasm');
    for (const path of [
      '/../package.json',
      '/%2e%2e/src/index.js',
      '/..%2fsrc%2findex.js',
      '/no.js',
    ])
      assert.is((await get(path)).status, 404, path);
    assert.is((await get('/%')).status, 404);
    assert.is((await get('/', 'POST')).status, 405);
  } finally {
    await close();
  }
});

test.run();
