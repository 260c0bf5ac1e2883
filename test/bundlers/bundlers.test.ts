/**
 * The packed package in an app of its own that trains on two threads: with each bundler, by the commands of
 * docs/bundlers.md, and without one, on an isolated page under a strict policy, to the bits of Node.
 */
// slow: packs the package, and bundles it with each bundler
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { EXPECTED_SHA256 } from '../../src/train/verify.js';
import { pack, root, run, unpack } from '../publish/packed.js';
import { findBrowser, openPage, startBrowser, type Browser } from '../support/browser.js';
import { ISOLATED, policy, serveFolder } from '../support/site.js';

const PATIENCE_MS = 60_000;
const tools = join(root, '.engines', 'bundlers');
/** Below the tools, so that configurations and plugins are found. */
const app = join(tools, 'app');
const dist = join(app, 'dist');
const source = join(root, 'test', 'bundlers', 'app');
const documentation = readFileSync(join(root, 'docs', 'bundlers.md'), 'utf8');

const path = findBrowser();
const areThere = existsSync(join(tools, 'node_modules'));
if (path === undefined)
  console.log('SKIPPED: there is no Chromium on the path, and none in CHROME');
if (!areThere) console.log('SKIPPED: no bundlers in .engines/; `npm run tools` fetches them');

/** The first block of a language below a heading of docs/bundlers.md. */
function blockOf(heading: string, language: string): string {
  const section = documentation.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  const block = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(section ?? '');
  assert.ok(block, `docs/bundlers.md has no ${language} block below '${heading}'`);
  return block[1]!;
}

/** With the bundlers' commands on the path, as `npx` would have them. */
const env = {
  ...process.env,
  PATH: [
    join(tools, 'node_modules', '.bin'),
    join(root, 'node_modules', '.bin'),
    process.env['PATH'],
  ].join(delimiter),
};

/** Does what the documentation says, in the app, into an empty dist/. */
async function bundle(heading: string): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await run('bash', ['-e', '-c', blockOf(heading, 'sh')], { cwd: app, env });
}

let browser: Browser;

/** The hash that the page at `url` has come to, with no complaints on the way. */
async function trainedAt(url: string): Promise<string> {
  const page = await openPage(browser, url);
  try {
    const title = `new Promise((resolve) => {
      const timer = setInterval(() => { if (document.title) { clearInterval(timer); resolve(document.title); } }, 20);
      setTimeout(resolve, 15_000, 'no title');
    })`;
    const end = Date.now() + PATIENCE_MS;
    let found = 'no title';
    while (found === 'no title' && page.complaints.length === 0 && Date.now() < end)
      found = await page.evaluate<string>(title);
    assert.equal(page.complaints, []);
    return found;
  } finally {
    await page.close();
  }
}

/** Serves a folder, isolated and under the policy, and trains on its page. */
async function trainedIn(folder: string, page = '', headers = policy()): Promise<string> {
  const site = await serveFolder(folder, { headers: { ...ISOLATED, ...headers } });
  try {
    return await trainedAt(site.url + page);
  } finally {
    await site.close();
  }
}

const copyPage = (folder: string): Promise<void> =>
  cp(join(source, 'index.html'), join(folder, 'index.html'));

if (areThere && path !== undefined) {
  test.before(async () => {
    await rm(app, { recursive: true, force: true });
    await mkdir(app);
    await unpack(await pack(), app);
    await cp(source, app, { recursive: true });
    await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
    browser = await startBrowser(path);
  });

  test.after(() => browser.close());

  test('Vite', async () => {
    await bundle('Vite');
    assert.is(await trainedIn(dist), EXPECTED_SHA256);
  });

  test('Vite in development, with the package left out of what it optimizes', async () => {
    const config = blockOf('Vite', 'ts').replace('{', '{ server: { headers: HEADERS }, ');
    await writeFile(
      join(app, 'vite.config.js'),
      `const HEADERS = ${JSON.stringify(ISOLATED)};\n${config}`,
    );
    // Browsers ask for it where no policy keeps them from it.
    await writeFile(join(app, 'favicon.ico'), '');
    const vite = spawn('vite', ['--host', '127.0.0.1', '--port', '0'], { cwd: app, env });
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = '';
        const hear = (data: Buffer): void => {
          // Addresses are printed in colours.
          said += stripVTControlCharacters(data.toString());
          const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
          if (found) resolve(found);
        };
        vite.stdout.on('data', hear);
        vite.stderr.on('data', hear);
        vite.on('exit', () => reject(new Error(said)));
      });
      assert.is(await trainedAt(url), EXPECTED_SHA256);
    } finally {
      vite.kill();
      await rm(join(app, 'vite.config.js'));
    }
  });

  test('webpack', async () => {
    await bundle('webpack');
    await copyPage(dist);
    assert.is(await trainedIn(dist), EXPECTED_SHA256);
  });

  test('Rollup', async () => {
    await bundle('Rollup');
    await copyPage(join(dist, 'app'));
    assert.is(await trainedIn(dist, 'app/'), EXPECTED_SHA256);
  });

  test('esbuild', async () => {
    await bundle('esbuild');
    await copyPage(join(dist, 'app'));
    assert.is(await trainedIn(dist, 'app/'), EXPECTED_SHA256);
  });

  test('esbuild, with the files elsewhere', async () => {
    const main = join(app, 'main.js');
    const text = readFileSync(main, 'utf8');
    const init = `import { init } from 'lanewise';\n${blockOf('esbuild', 'ts')}`;
    await writeFile(main, init + text);
    await bundle('esbuild');
    await writeFile(main, text);
    await mkdir(join(dist, 'threads'));
    await run('mv', ['wasm', 'kernels'], { cwd: dist });
    await run('mv', ['app/worker.js', 'threads'], { cwd: dist });
    await copyPage(join(dist, 'app'));
    assert.is(await trainedIn(dist, 'app/'), EXPECTED_SHA256);
  });

  test('no bundler: an import map', async () => {
    const html = blockOf('No bundler', 'html');
    await writeFile(join(app, 'unbundled.html'), `<!doctype html>\n<title></title>\n${html}`);
    const map = /<script type="importmap">([^]*?)<\/script>/.exec(html)![1]!;
    const hash = createHash('sha256').update(map).digest('base64');
    const headers = policy(`'sha256-${hash}'`);
    assert.is(await trainedIn(app, 'unbundled.html', headers), EXPECTED_SHA256);
  });

  test('esbuild for Node', async () => {
    await bundle('Node');
    const { stdout } = await run(process.execPath, [join(dist, 'main.mjs')], { cwd: app });
    assert.is(stdout.trim(), EXPECTED_SHA256);
  });
}

test.run();
