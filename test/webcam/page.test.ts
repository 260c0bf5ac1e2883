/** The webcam's page as its visitor has it, with a camera that plays a film of two scenes. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../src/trained/model-store.js';
import { until, text } from '../playground/playground.js';
import { findBrowser, openPage, startBrowser, type WatchedPage } from '../support/browser.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const path = findBrowser();
const withBrowser = path === undefined ? test.skip : test;

const [WIDTH, HEIGHT, RATE] = [320, 240, 10];

/** A film in Y4M: two seconds of a light bar on the left, two of one on the right in another colour, again and again. */
function film(): Uint8Array {
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${RATE}:1 Ip A1:1 C420jpeg\n`);
  const scene = (i: number) => {
    const isFirst = i < 2 * RATE;
    const luma = Buffer.alloc(WIDTH * HEIGHT, 60);
    for (let y = 20; y < HEIGHT - 20; y++)
      luma.fill(220, y * WIDTH + (isFirst ? 20 : 180), y * WIDTH + (isFirst ? 140 : 300));
    const chroma = (WIDTH * HEIGHT) / 4;
    return Buffer.concat([
      Buffer.from('FRAME\n'),
      luma,
      Buffer.alloc(chroma, isFirst ? 90 : 170),
      Buffer.alloc(chroma, isFirst ? 170 : 90),
    ]);
  };
  return Buffer.concat([head, ...Array.from({ length: 4 * RATE }, (_, i) => scene(i))]);
}

/** Whether the camera shows the first scene: its left is lighter than its right. */
const SCENE = `(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 6 });
  const context = canvas.getContext('2d');
  context.drawImage(document.getElementById('video'), 0, 0, 8, 6);
  const { data } = context.getImageData(0, 0, 8, 6);
  return data[4 * 18 + 1] > data[4 * 22 + 1] ? 1 : 2;
})()`;

/** Waits for the beginning of a scene. */
async function scene(page: WatchedPage, which: 1 | 2): Promise<void> {
  await until(page, `${SCENE} === ${3 - which}`);
  await until(page, `${SCENE} === ${which}`);
}

/** Holds the record button of a class down. */
async function record(page: WatchedPage, place: number): Promise<void> {
  const button = page.locator('.record').nth(place);
  await button.dispatchEvent('pointerdown');
  await page.waitForTimeout(1400);
  await button.dispatchEvent('pointerup');
}

withBrowser('two scenes are told apart, by a model that stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-webcam-'));
  const { buildWebcam } = (await import(join(root, 'examples/webcam/build.mjs'))) as {
    buildWebcam(to: string): Promise<string>;
  };
  const { servePlayground } = (await import(join(root, 'examples/playground/serve.mjs'))) as {
    servePlayground(folder: string): Promise<{ url: string; close(): Promise<void> }>;
  };
  await writeFile(join(folder, 'film.y4m'), film());
  const site = await servePlayground(await buildWebcam(join(folder, 'site')));
  const browser = await startBrowser(path!, [
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${join(folder, 'film.y4m')}`,
  ]);
  try {
    const page = await openPage(browser, site.url, { permissions: ['camera'], downloads: folder });
    await until(page, `document.getElementById('video').videoWidth > 0`);
    assert.is(await page.evaluate(`document.getElementById('train').disabled`), true);
    for (const which of [1, 2] as const) {
      await scene(page, which);
      await record(page, which - 1);
    }
    assert.match(await text(page, 'counts'), /^class 1: \d\d?, class 2: \d\d?$/);
    await page.click('#train');
    await until(page, `/^weights/.test(document.getElementById('hash').textContent)`);
    const said = await text(page, 'status');
    const held = /^right on ([\d.]+) % of \d+ pictures that were held out; always the most/.exec(
      said,
    );
    if (held) assert.ok(Number(held[1]) > 90, said);
    else assert.match(said, /too few to hold some out/);
    const seen = (place: number) =>
      `${SCENE} === ${place + 1} && document.querySelectorAll('meter')[${place}].value > 0.8`;
    await until(page, seen(0));
    await until(page, seen(1));
    await page.screenshot({ path: join(folder, 'page.png') });
    const hash = (await text(page, 'hash')).slice('weights '.length, -1);
    const download = page.waitForEvent('download');
    await page.click('#save');
    const model = await loadModel(await (await download).path());
    assert.ok((await model.sha256()).startsWith(hash));
    assert.equal(model.classes, ['class 1', 'class 2']);
    await page.reload();
    await until(
      page,
      `document.getElementById('status').textContent.startsWith('the model of your')`,
    );
    await until(page, seen(0));
    await page.click('#forget');
    await page.reload();
    await until(page, `document.getElementById('status').textContent.startsWith('record some')`);
    assert.equal(page.complaints, []);
  } finally {
    await browser.close();
    await site.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
