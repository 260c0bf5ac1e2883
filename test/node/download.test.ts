/** Downloads against a server on this machine: resumed, verified, atomic, and clear about failure. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchToCache, fetchVerified } from '../../src/node/download.js';
import type { DownloadProgress } from '../../src/platform/download.js';
import { LanewiseError } from '../../src/base/errors.js';

const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251));
const file = {
  name: 'data.gz',
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Runs `check` with a folder and the address of a server that answers with `handler`. */
async function withServer(
  handler: Handler,
  check: (url: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-download-'));
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await check(`http://127.0.0.1:${port}/data.gz`, folder);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
}

const download = (
  urls: string[],
  folder: string,
  onProgress?: (p: DownloadProgress) => void,
  signal?: AbortSignal,
) =>
  fetchVerified({
    file,
    urls,
    path: join(folder, file.name),
    advice: 'use --data digits',
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });

async function refusal(run: Promise<void>): Promise<string> {
  try {
    await run;
  } catch (error) {
    assert.instance(error, LanewiseError);
    const { message, hint } = error as LanewiseError;
    return `${message} (${hint})`;
  }
  throw new Error('nothing was refused');
}

/** Sends what the Range header asks for. */
const withRanges: Handler = (request, response) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from ? 206 : 200);
  response.end(content.subarray(from));
};

test('a file arrives whole, with progress, and is not fetched twice', async () => {
  let requests = 0;
  await withServer(
    (request, response) => {
      requests++;
      withRanges(request, response);
    },
    async (url, folder) => {
      const seen: DownloadProgress[] = [];
      await download([url], folder, (progress) => seen.push(progress));
      await download([url], folder);
      assert.is(requests, 1);
      assert.equal(seen.at(-1), { name: 'data.gz', done: 100_000, total: 100_000 });
      assert.ok((await readFile(join(folder, 'data.gz'))).equals(content));
      assert.equal(await readdir(folder), ['data.gz']);
    },
  );
});

test('files of a data set go to a folder of the cache, from the first mirror that has them', async () => {
  const saved = process.env['XDG_CACHE_HOME'];
  const serve: Handler = ({ url }, response) =>
    url === '/b/data.gz' ? response.end(content) : response.writeHead(404).end();
  try {
    await withServer(serve, async (url, folder) => {
      process.env['XDG_CACHE_HOME'] = folder;
      const mirrors = ['a/', 'b/'].map((path) => new URL(path, url).href);
      const found = await fetchToCache({ name: 'set', files: [file], mirrors });
      assert.is(found, join(folder, 'lanewise', 'set'));
      assert.ok((await readFile(join(found, 'data.gz'))).equals(content));
      const absent = { name: 'other', files: [file], mirrors: mirrors.slice(0, 1) };
      assert.match(
        await refusal(fetchToCache(absent).then(() => {})),
        /data\.gz: .*404.*data\.gz into a folder and name it as directory/s,
      );
    });
  } finally {
    if (saved === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = saved;
  }
});

test('a broken connection is resumed where it broke off', async () => {
  const ranges: (string | undefined)[] = [];
  await withServer(
    (request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length > 1) return withRanges(request, response);
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 40_000), () => setTimeout(() => response.destroy(), 50));
    },
    async (url, folder) => {
      await download([url, url], folder);
      assert.equal(ranges, [undefined, 'bytes=40000-']);
      assert.ok((await readFile(join(folder, 'data.gz'))).equals(content));
    },
  );
});

test('a server that knows no ranges sends everything again', async () => {
  await withServer(
    (_, response) => response.end(content),
    async (url, folder) => {
      await writeFile(join(folder, 'data.gz.part'), content.subarray(0, 777));
      await download([url], folder);
      assert.ok((await readFile(join(folder, 'data.gz'))).equals(content));
    },
  );
});

test('a part that is longer than what the server has is dropped, not kept for ever', async () => {
  const ranges: (string | undefined)[] = [];
  await withServer(
    (request, response) => {
      ranges.push(request.headers.range);
      if (!request.headers.range) return response.end(content);
      response.writeHead(416);
      response.end();
    },
    async (url, folder) => {
      await writeFile(join(folder, 'data.gz.part'), content.subarray(0, 777));
      await download([url], folder);
      assert.equal(ranges, ['bytes=777-', undefined]);
      assert.ok((await readFile(join(folder, 'data.gz'))).equals(content));
    },
  );
});

test('a stopped download ends with the reason, asks no other mirror and keeps what came', async () => {
  let requests = 0;
  await withServer(
    (_, response) => {
      requests++;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 30_000));
    },
    async (url, folder) => {
      const stop = new AbortController();
      const run = download(
        [url, url],
        folder,
        ({ done }) => {
          if (done === 30_000) stop.abort(new Error('enough'));
        },
        stop.signal,
      );
      let message = '';
      await run.catch((error: Error) => (message = error.message));
      assert.is(message, 'enough');
      assert.is(requests, 1);
      assert.is((await readFile(join(folder, 'data.gz.part'))).length, 30_000);
    },
  );
});

test('a cache folder that cannot be made is the disk’s fault, not the network’s', async () => {
  await withServer(withRanges, async (url, folder) => {
    await writeFile(join(folder, 'in-the-way'), '');
    const message = await refusal(download([url], join(folder, 'in-the-way')));
    assert.match(message, /^cannot write '.*in-the-way': .+ \(XDG_CACHE_HOME moves/);
  });
});

test('a file with another hash is thrown away', async () => {
  const other = Buffer.from(content).fill(1, 500, 501);
  await withServer(
    (_, response) => response.end(other),
    async (url, folder) => {
      assert.match(
        await refusal(download([url], folder)),
        /sent a file with SHA-256 [0-9a-f]{64}, expected/,
      );
      assert.equal(await readdir(folder), []);
    },
  );
});

test('a file that is too long is cut off', async () => {
  await withServer(
    (_, response) => response.end(Buffer.concat([content, content])),
    async (url, folder) => {
      assert.match(
        await refusal(download([url], folder)),
        /sent more than the 100000 bytes expected/,
      );
      assert.equal(await readdir(folder), []);
    },
  );
});

test('without a network, each mirror’s reason is given and what to do instead', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-download-'));
  const message = await refusal(download(['http://127.0.0.1:9/data.gz'], folder));
  assert.match(message, /cannot download data\.gz: 127\.0\.0\.1:9: .+ \(use --data digits\)/);
  await rm(folder, { recursive: true });
});

test('the second mirror serves when the first does not have the file', async () => {
  let requests = 0;
  await withServer(
    (request, response) => {
      if (requests++ > 0) return withRanges(request, response);
      response.writeHead(404);
      response.end();
    },
    async (url, folder) => {
      await download([url, url], folder);
      assert.ok((await readFile(join(folder, 'data.gz'))).equals(content));
    },
  );
});

test.run();
