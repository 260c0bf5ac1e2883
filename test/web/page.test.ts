/** A page in Chromium stays responsive while workers train, and reads the files that it is given. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  findBrowser,
  openPage,
  startBrowser,
  traceTasks,
  type Browser,
  type Task,
} from '../support/browser.js';
import { ISOLATED, type Headers } from '../support/site.js';
import { serveDist } from './site.js';
import { script, visitIn, type Found } from './visit.js';

const path = findBrowser();
let browser: Browser;
test.before(async () => {
  if (path !== undefined) browser = await startBrowser(path);
});
test.after(() => browser?.close());

const preparation = '(async () => void (globalThis.data = lanewise.digits({ count: 512 })))()';
const training = `(async () => {
  const settings = { data, optimizer: lanewise.sgd({ lr: 0.1 }), epochs: 2 };
  const { model } = await lanewise.train(lanewise.lenet5(), settings);
  await model.evaluate(data);
})()`;

/** What the page's thread did while a model was trained and evaluated. */
async function tasksWhileTraining(headers: Headers): Promise<readonly Task[]> {
  const site = await serveDist({ headers });
  const page = await openPage(browser, site.url);
  const run = async (program: string): Promise<void> => {
    const { error } = await page.evaluate<Found>(script({ program }));
    assert.is(error, undefined, error?.text);
  };
  try {
    await run(preparation);
    return await traceTasks(page, () => run(training));
  } finally {
    await page.close();
    await site.close();
  }
}

const MOST_MS = 50;

const files = `(async () => {
  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40);
  const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1);
  const gzip = new Blob([images]).stream().pipeThrough(new CompressionStream('gzip'));
  const compressed = new File([await new Response(gzip).blob()], 'images.gz');
  const data = await lanewise.idxDataset(compressed, new Blob([labels]));
  const npy = "\\x93NUMPY\\x01\\0\\x3b\\0{'descr':'>i2','fortran_order':False,'shape':(2,)}".padEnd(69);
  const array = Uint8Array.from([...[...npy].map((c) => c.charCodeAt(0)), 1, 2, 0xff, 0xfe]);
  const { vocabulary } = await lanewise.textFile(new Response('ab'.repeat(99)).body);
  return {
    name: data.name,
    samples: [...data.samples],
    values: [...(await lanewise.readNpy(new Blob([array]))).values],
    vocabulary,
    csv: await lanewise.readCsv('a.csv').catch(({ kind, message }) => [kind, message]),
    folder: await lanewise
      .train(lanewise.mlp(), { data, optimizer: 'adam', epochs: 1 }, { folder: 'runs/a' })
      .catch(({ kind, message }) => [kind, message]),
  };
})()`;

if (path === undefined) {
  console.log('skipped: no Chromium (set CHROME to its path)');
} else {
  for (const headers of [ISOLATED, {}]) {
    const kind = headers === ISOLATED ? 'shared memory' : 'a memory of its own';
    test(`a page is kept for less than ${MOST_MS} ms while it trains, ${kind}`, async () => {
      // Processor time: what other programs do on this machine is not the page's doing. A computer that is shared may count
      // its own waits as such, so one of three trainings has to do.
      const tries: number[] = [];
      do {
        const tasks = await tasksWhileTraining(headers);
        assert.ok(tasks.length > 0, 'nothing was traced');
        tries.push(Math.max(...tasks.map(({ cpu }) => cpu)));
      } while (Math.min(...tries) >= MOST_MS && tries.length < 3);
      assert.ok(Math.min(...tries) < MOST_MS, `${tries.join(', ')} ms`);
    });
  }

  test('Files, Blobs and streams are read in a page; what needs a file system says so', async () => {
    const { trained, error } = await visitIn(browser, { program: files });
    assert.is(error, undefined, error?.text);
    assert.equal(trained as unknown, {
      name: 'images.gz',
      samples: [10, 20, 30, 40],
      values: [258, -2],
      vocabulary: ['a', 'b'],
      csv: ['platform', 'readCsv reads or writes files, and there is no file system here'],
      folder: ['platform', 'train: folder is given, and there is no file system here'],
    });
  });
}

test.run();
