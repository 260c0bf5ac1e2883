/** The server of a run's report: it serves two paths and nothing else, and only to this machine. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { request } from 'node:http';
import { execFileSync } from 'node:child_process';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../../src/base/errors.js';
import { watchRun } from '../../src/runs/watch.js';
import { inFolder } from '../cli/lanewise.js';
import { everyEvent } from './sample-events.js';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

const ask = (
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(new URL(url), { path, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body }),
      );
    });
    sent.on('error', reject).end();
  });

test('other sites get no answer; a pipe or a link in a file’s place is not read', () =>
  inFolder(async (folder) => {
    const { url, close } = await watchRun(folder);
    try {
      const foreign = { headers: { 'Sec-Fetch-Site': 'cross-site' } };
      for (const path of ['/', '/data.json'])
        assert.is((await ask(url, path, foreign)).status, 403);
      assert.is((await ask(url, '/', { headers: { 'Sec-Fetch-Site': 'none' } })).status, 200);
      if (process.platform === 'win32') return;
      const log = join(folder, 'metrics.jsonl');
      execFileSync('mkfifo', [log]);
      for (const make of [undefined, () => symlink('/etc/hostname', log)]) {
        if (make) await rm(log).then(make);
        const { status, body } = await ask(url, '/data.json');
        assert.is(status, 500);
        assert.is(body, `'${log}' is not a file`);
      }
    } finally {
      await close();
    }
  }));

test('the page, its data, and what has not changed', () =>
  inFolder(async (folder) => {
    const { url, close } = await watchRun(folder);
    try {
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
      const page = await ask(url, '/');
      assert.is(page.status, 200);
      assert.match(page.body, 'not begun');
      assert.match(String(page.headers['content-security-policy']), "connect-src 'self'");
      const data = await ask(url, '/data.json');
      const tag = String(data.headers['etag']);
      const again = { headers: { 'If-None-Match': tag } };
      assert.is((await ask(url, '/data.json', again)).status, 304);
      const log = everyEvent.map((event) => `${JSON.stringify(event)}\n`);
      await writeFile(join(folder, 'metrics.jsonl'), log.join(''));
      const news = await ask(url, '/data.json', again);
      assert.is(news.status, 200);
      assert.ok((JSON.parse(news.body) as { charts: unknown[] }).charts.length > 0);
      await writeFile(join(folder, 'metrics.jsonl'), 'no JSON\n');
      const broken = await ask(url, '/data.json', again);
      assert.is(broken.status, 500);
      assert.match(broken.body, /line 1 is not JSON/);
    } finally {
      await close();
    }
  }));

test('other paths, methods and names are refused', () =>
  inFolder(async (folder) => {
    const { url, close } = await watchRun(folder);
    try {
      const port = new URL(url).port;
      for (const path of [
        '/metrics.jsonl',
        '/../etc/passwd',
        '/%2e%2e/x',
        '/?x',
        '//data.json',
        '/data.json/',
      ])
        assert.is((await ask(url, path)).status, 404, path);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])
        assert.is((await ask(url, '/', { method })).status, 405, method);
      for (const host of [
        'evil.example',
        `evil.example:${port}`,
        '127.0.0.1',
        `127.0.0.1:${Number(port) + 1}`,
        `127.0.0.1:${port}.evil.example`,
      ])
        assert.is((await ask(url, '/', { headers: { host } })).status, 403, host);
      assert.is((await ask(url, '/', { headers: { host: `localhost:${port}` } })).status, 200);
    } finally {
      await close();
    }
  }));

test('a folder that is not there and a port that is taken are refused', () =>
  inFolder(async (folder) => {
    const refused = async (work: Promise<unknown>, pattern: RegExp) => {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.instance(error, LanewiseError);
      assert.match((error as Error).message, pattern);
    };
    await refused(watchRun(join(folder, 'none')), /there is no such folder/);
    const { url, close } = await watchRun(folder);
    await refused(watchRun(folder, { port: Number(new URL(url).port) }), /something else has it/);
    await close();
  }));

test.run();
