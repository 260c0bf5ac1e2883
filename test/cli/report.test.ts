/** The commands that show runs: `lanewise report` and `lanewise watch`. */
// slow: the command line, a process a case
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { everyEvent } from '../runs/sample-events.js';
import { inFolder, lanewise, main } from './lanewise.js';

async function writeRun(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const log = everyEvent.map((event) => `${JSON.stringify(event)}\n`).join('');
  await writeFile(join(folder, 'metrics.jsonl'), log);
  return folder;
}

test('the report of one run is written again, several runs are compared', () =>
  inFolder(async (cwd) => {
    const [a, b] = [await writeRun(join(cwd, 'a')), await writeRun(join(cwd, 'b'))];
    assert.equal(await lanewise(['report', a]), {
      code: 0,
      stdout: `${join(a, 'report.html')}\n`,
      stderr: '',
    });
    assert.match(await readFile(join(a, 'report.html'), 'utf8'), '<!doctype html>');
    assert.is((await lanewise(['report', 'a', 'b'], { cwd })).stdout, 'comparison.html\n');
    assert.match(await readFile(join(cwd, 'comparison.html'), 'utf8'), 'Comparison of 2 runs');
    const out = join(cwd, 'x.html');
    assert.is((await lanewise(['report', a, b, '--out', out])).stdout, `${out}\n`);
    assert.ok((await readFile(out)).length > 50_000);
  }));

test('what is no run is refused by name', () =>
  inFolder(async (cwd) => {
    const { code, stderr } = await lanewise(['report', 'nothing'], { cwd });
    assert.is(code, 1);
    assert.match(stderr, /nothing\/metrics\.jsonl': there is no such file/);
    assert.match((await lanewise(['watch', 'nothing'], { cwd })).stderr, /there is no such folder/);
    assert.match((await lanewise(['watch', '.', '--port', '70000'], { cwd })).stderr, /65535/);
  }));

test('watch says where, answers, and ends by Ctrl-C; the bundle finds its assets', () =>
  inFolder(async (cwd) => {
    const folder = await writeRun(join(cwd, 'run'));
    const child = spawn(process.execPath, [main, 'watch', folder], { stdio: 'pipe' });
    const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
    const said = await new Promise<string>((resolve) =>
      child.stdout.once('data', (data) => resolve(String(data))),
    );
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)![0];
    assert.match(await (await fetch(url)).text(), 'lenet5');
    child.kill('SIGINT');
    assert.is(await ended, 0);
  }));

test('a log that nests without end is refused', () =>
  inFolder(async (cwd) => {
    const settings = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const line = `{"event":"start","time":"2026-01-01T00:00:00Z","version":"1","model":"m","parameters":1,"data":"d","settings":{"a":${settings}}}\n`;
    await writeFile(join(cwd, 'metrics.jsonl'), line);
    const { code, stderr } = await lanewise(['report', '.'], { cwd });
    assert.is(code, 1);
    assert.match(stderr, /^error: 'metrics\.jsonl', line 1 nests more than 200 brackets\n$/);
  }));

test('runs of files of one name do not replace each other, nor does a finished run go without a word', () =>
  inFolder(async (cwd) => {
    const train = (...args: string[]) =>
      lanewise(
        [
          'train',
          'mlp',
          '--data',
          'digits',
          '--limit',
          '64',
          '--epochs',
          '1',
          '--no-report',
          ...args,
        ],
        { cwd },
      );
    for (const folder of ['mlp-digits', 'mlp-digits-2']) {
      const { code, stdout, stderr } = await train();
      assert.is(code, 0, stderr);
      assert.match(stdout, join('runs', folder));
      assert.is(
        /note: .*/.exec(stderr)?.[0],
        folder === 'mlp-digits'
          ? undefined
          : `note: '${join('runs', 'mlp-digits')}' holds a finished run: this one goes to '${join('runs', folder)}'`,
      );
    }
    assert.equal((await readdir(join(cwd, 'runs'))).toSorted(), ['mlp-digits', 'mlp-digits-2']);
    // The last one, which is asked for.
    assert.match((await train('--fresh')).stdout, join('runs', 'mlp-digits-2'));
    const again = await train('--out', 'runs/mlp-digits');
    assert.match(
      again.stdout + again.stderr,
      "the finished run that was in 'runs/mlp-digits' is replaced",
    );
    assert.equal((await readdir(join(cwd, 'runs'))).length, 2);
  }));

test.run();
