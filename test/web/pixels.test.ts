/** A page's pictures become samples, and its models stay in IndexedDB, from one visit to the next. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findBrowser, openPage, startBrowser, type Browser } from '../support/browser.js';
import { serveDist } from './site.js';
import { script, visitIn, type Found } from './visit.js';

const path = findBrowser();
let browser: Browser;
test.before(async () => {
  if (path !== undefined) browser = await startBrowser(path);
});
test.after(() => browser?.close());

const withBrowser = path === undefined ? test.skip : test;

/** The same picture as pixels, canvas, bitmap, image, video, and frame of a video. */
const sources = `(async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 24, height: 20 });
  const context = canvas.getContext('2d');
  const pixels = new ImageData(24, 20);
  for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : (i * 7) % 256;
  context.putImageData(pixels, 0, 0);
  const image = new Image();
  image.src = canvas.toDataURL();
  await image.decode();
  const video = Object.assign(document.createElement('video'), { muted: true });
  const early = await Promise.resolve().then(() => lanewise.fromPixels(video)).catch((e) => e.message);
  context.fillStyle = 'rgb(200, 100, 50)';
  const plain = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  const brush = plain.getContext('2d');
  video.srcObject = plain.captureStream(30);
  const begun = new Promise((done) => video.addEventListener('loadeddata', done, { once: true }));
  const paint = setInterval(() => {
    brush.fillStyle = 'rgb(200, 100, 50)';
    brush.fillRect(0, 0, 64, 48);
  }, 20);
  await video.play();
  await begun;
  clearInterval(paint);
  const seen = lanewise.fromPixels(video, { size: 4 });
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  const options = { size: [10, 12], fit: 'pad' };
  const all = [pixels, canvas, await createImageBitmap(canvas), image, frame].map((source) =>
    [...lanewise.fromPixels(source, options).samples].join());
  frame.close();
  return { early, all, shape: seen.shape, video: [0, 16, 32].map((at) => seen.samples[at]) };
})()`;

withBrowser('every source of a page gives the samples of its pixels', async () => {
  const { trained, error } = await visitIn(browser, { program: sources });
  assert.is(error, undefined, error?.text);
  const { early, all, shape, video } = trained as unknown as {
    early: string;
    all: string[];
    shape: number[];
    video: number[];
  };
  assert.match(early, /the image has 0×0 pixels/);
  assert.is(new Set(all).size, 1);
  assert.is(all[0]!.split(',').length, 360);
  assert.equal(shape, [3, 4, 4]);
  // A video is compressed colour: close, but not the same.
  [200, 100, 50].forEach((value, c) => assert.ok(Math.abs(video[c]! - value) < 12, video.join()));
});

const stores = `(async () => {
  const { model } = await lanewise.train(lanewise.mlp({ hidden: 8 }), {
    data: lanewise.digits({ count: 64 }), optimizer: lanewise.sgd({ lr: 0.1 }), epochs: 1,
  });
  const said = [];
  const say = (promise) => promise.then(() => said.push('fine'), (error) => said.push(error.message));
  await say(lanewise.loadModel('indexeddb://small'));
  await lanewise.saveModel(model, 'indexeddb://small');
  await lanewise.saveModel(model, 'indexeddb://another');
  await say(lanewise.loadModel('indexeddb://smal'));
  await say(lanewise.saveModel(model, 'indexeddb://'));
  await say(lanewise.saveModel(model, 'model.safetensors'));
  await say(lanewise.removeModel('model.safetensors'));
  await lanewise.removeModel('indexeddb://another');
  return { said, names: await lanewise.storedModels(), sha256: await model.sha256() };
})()`;
const again = `(async () => {
  const model = await lanewise.loadModel('indexeddb://small');
  return { sha256: await model.sha256(), classes: model.classes.length };
})()`;

withBrowser('a model stays in IndexedDB from one visit to the next', async () => {
  const site = await serveDist({});
  const page = await openPage(browser, site.url);
  try {
    const ask = async (program: string) => {
      const { trained, error } = await page.evaluate<Found>(script({ program }));
      assert.is(error, undefined, error?.text);
      return trained as unknown as {
        said: string[];
        names: string[];
        sha256: string;
        classes: number;
      };
    };
    const { said, names, sha256 } = await ask(stores);
    assert.equal(said.slice(0, 2), [
      "cannot read model 'indexeddb://small': there is no model yet",
      "cannot read model 'indexeddb://smal': there is no such model, but indexeddb://another, indexeddb://small",
    ]);
    assert.match(said[2]!, /names no model/);
    assert.equal(names, [`indexeddb://small`]);
    assert.match(said[3]!, /there is no file system here/);
    assert.match(said[4]!, /address is .model.safetensors., expected indexeddb:/);
    assert.equal(await ask(again), { sha256, classes: 10 });
  } finally {
    await page.close();
    await site.close();
  }
});

test.run();
