/** The page for fine-tuning as its visitor has it: a file of PyTorch dropped on it, pictures, a camera, and a file to take away. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOnnx } from '../../src/onnx/index.js';
import { text, until } from '../playground/playground.js';
import { findBrowser, openPage, startBrowser, type WatchedPage } from '../support/browser.js';
import { encodeImage } from '../support/images.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const golden = join(root, 'test', 'golden', 'onnx');
const path = findBrowser();
const withBrowser = path === undefined ? test.skip : test;

interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Pictures in which one of the colours is strong. */
const pictures = (channel: number, count: number): Promise<NamedFile[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const rgba = new Uint8Array(24 * 24 * 4).fill(255);
      for (let p = 0; p < 24 * 24; p++)
        for (let k = 0; k < 3; k++)
          rgba[4 * p + k] = (k === channel ? 190 : 40) + ((p * 7 + i * 13 + k * 29) % 60);
      const bytes = await encodeImage('png', { width: 24, height: 24, rgba });
      return { name: `${channel}-${i}.png`, bytes };
    }),
  );

/** Drops files on the first element of a selector, as a hand would. */
async function drop(page: WatchedPage, selector: string, files: readonly NamedFile[], at = 0) {
  const given = files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')]);
  const dataTransfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const [name, text] of ${JSON.stringify(given)})
      transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    return transfer;
  })()`);
  const target = page.locator(selector).nth(at);
  await target.dispatchEvent('dragover', { dataTransfer });
  await target.dispatchEvent('drop', { dataTransfer });
}

/** Serves the page and opens it. */
async function withPage(check: (page: WatchedPage, folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-finetune-'));
  const { buildFinetune } = (await import(join(root, 'examples/finetune/build.mjs'))) as {
    buildFinetune(to: string): Promise<string>;
  };
  const { servePlayground } = (await import(join(root, 'examples/playground/serve.mjs'))) as {
    servePlayground(folder: string): Promise<{ url: string; close(): Promise<void> }>;
  };
  const site = await servePlayground(await buildFinetune(join(folder, 'site')));
  const browser = await startBrowser(path!, ['--use-fake-device-for-media-stream']);
  try {
    const page = await openPage(browser, site.url, { permissions: ['camera'], downloads: folder });
    await until(page, `document.getElementById('status').textContent.startsWith('open an')`);
    await check(page, folder);
    assert.equal(page.complaints, []);
  } finally {
    await browser.close();
    await site.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const golds = async (...names: string[]): Promise<NamedFile[]> =>
  Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(golden, name)) })));

const isShown = (id: string) => `!document.getElementById('${id}').hidden`;

/** The names beside the bars, with their scores from 0 to 1. */
const SCORES = `Object.fromEntries([...document.querySelectorAll('#scores label')].map(
  (row) => [row.querySelector('span').textContent, row.querySelector('meter').value]))`;

async function fineTune(page: WatchedPage): Promise<string> {
  await until(page, `!document.getElementById('train').disabled`);
  await page.evaluate(`document.getElementById('hash').textContent = ''`);
  await page.click('#train');
  await until(page, `!document.getElementById('train').disabled`);
  assert.is(await text(page, 'status'), 'trained: show it something, or save it');
  return (await text(page, 'hash')).slice('weights '.length);
}

withBrowser('a net of PyTorch gets a new head, learns, and is saved as ONNX that opens again', () =>
  withPage(async (page) => {
    await drop(page, '#step-model', await golds('small.onnx'));
    await until(page, isShown('model'));
    assert.match(await text(page, 'facts'), /input 3×16×16.*output 3.*1,467 numbers.*headfc/s);
    assert.is(await text(page, 'layer-count'), '9 layers');
    assert.is(await page.inputValue('#scale'), 'imagenet');
    assert.is(await text(page, 'why'), 'Two classes need pictures.');
    for (const [i, name] of ['red', 'green'].entries()) {
      await page.locator('.class input:not([type])').nth(i).fill(name);
      await drop(page, '.class', await pictures(i, 10), i);
      await until(page, `document.querySelectorAll('.strip')[${i}].children.length === 10`);
    }
    await page.fill('#epochs', '40');
    await page.locator('.strip canvas').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Delete');
    assert.is(await page.locator('.strip').first().locator('canvas').count(), 9);
    await drop(page, '.class', await pictures(0, 1), 0);
    await until(page, `document.querySelectorAll('.strip')[0].children.length === 10`);
    const hash = await fineTune(page);
    assert.is(await text(page, 'accuracy'), '100.0 %');
    assert.match(await text(page, 'accuracy-of'), /^right of 4 pictures held out$/);
    assert.is(await text(page, 'baseline'), '50.0 %');
    await drop(page, '#step-try', await pictures(1, 1));
    await until(page, `(${SCORES}).green > (${SCORES}).red`);

    const download = page.waitForEvent('download');
    await page.click('#save');
    const saved = await download;
    assert.is(saved.suggestedFilename(), 'small-tuned.onnx');
    const bytes = await readFile(await saved.path());
    const { trained } = readOnnx(bytes);
    assert.is(await trained.sha256(), hash);
    assert.equal(trained.classes, ['red', 'green']);
    const { weights } = readOnnx(await readFile(join(golden, 'small.onnx')));
    for (const [name, values] of weights)
      if (!name.startsWith('fc.')) assert.equal(trained.weights.get(name), values, name);

    const before = await page.evaluate(SCORES);
    await drop(page, '#step-model', [{ name: 'small-tuned.onnx', bytes }]);
    await until(page, `/red, green/.test(document.getElementById('facts').textContent)`);
    assert.is(await page.inputValue('#scale'), 'own');
    await drop(page, '#step-try', await pictures(1, 1));
    await until(page, `(${SCORES}).green > 0`);
    assert.equal(await page.evaluate(SCORES), before);

    await page.uncheck('#frozen');
    await page.fill('#epochs', '2');
    assert.is.not(await fineTune(page), hash);
    await page.fill('#epochs', '500');
    await page.click('#train');
    // The page itself stops it: on a busy machine the run would be over before a click from here arrives.
    await page.evaluate(`new Promise((done) => {
      const stop = () =>
        /^epoch/.test(document.getElementById('status').textContent)
          ? done(document.getElementById('stop').click())
          : setTimeout(stop, 5);
      stop();
    })`);
    await until(page, `!document.getElementById('save').disabled`);
    assert.is(await text(page, 'status'), 'stopped: show it something, or save it');
  }),
);

withBrowser('what cannot be read is said, with what is missing, and warnings are shown', () =>
  withPage(async (page) => {
    await drop(page, '#step-model', [{ name: 'odd.onnx', bytes: Uint8Array.of(8, 8, 18, 0) }]);
    await until(page, isShown('refusal'));
    assert.match(await text(page, 'reasons'), /odd\.onnx/);
    await drop(page, '#step-model', await golds('small.onnx', 'residual.onnx'));
    await until(page, `/2 ONNX files/.test(document.getElementById('reasons').textContent)`);
    await drop(page, '#step-model', await golds('odd.onnx'));
    await until(page, `/Sparkle/.test(document.getElementById('reasons').textContent)`);
    assert.is(await page.inputValue('#output'), '/bn2/BatchNormalization_output_0');
    await drop(page, '#step-model', await golds('small-split.onnx'));
    await until(page, `/small-split\\.data/.test(document.getElementById('reasons').textContent)`);
    assert.match(await text(page, 'way'), /both files together.*small-split\.data/);
    assert.is(await page.inputValue('#output'), '');
    assert.is(await page.evaluate(isShown('model')), false);
    await drop(page, '#step-model', await golds('small-split.data', 'small-split.onnx'));
    await until(page, isShown('model'));
    assert.is(await page.evaluate(isShown('refusal')), false);
    assert.is(await page.evaluate(isShown('warnings')), false);
    await drop(page, '#step-model', await golds('small-folded.onnx'));
    await until(page, isShown('warnings'));
    assert.match(await text(page, 'warnings'), /lost their names/);
  }),
);

withBrowser('who has no file trains the example, with pictures of the camera', () =>
  withPage(async (page) => {
    await page.click('#example');
    await until(page, isShown('model'));
    assert.match(await text(page, 'facts'), /digits\.onnx.*10: 0, 1, 2/s);
    await page.click('#camera');
    await until(page, `document.getElementById('video').videoWidth > 0`);
    await until(page, `Object.keys(${SCORES}).length === 6`);
    for (const i of [0, 1]) {
      const button = page.locator('.record').nth(i);
      await button.dispatchEvent('pointerdown');
      await until(page, `document.querySelectorAll('.strip')[${i}].children.length >= 3`);
      await button.dispatchEvent('pointerup');
    }
    await page.fill('#epochs', '2');
    await fineTune(page);
    await until(page, `Object.keys(${SCORES}).join() === 'class 1,class 2'`);
  }),
);

test.run();
