/** The same bits in Chromium and Firefox, on pages that are isolated from other origins and on such that are not. */
// slow: trains in every browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../src/engine/init.js';
import { findBrowser, findFirefox, startBrowser } from '../support/browser.js';
import { checkReport } from './check-report.js';
import { openFirefox } from './firefox.js';
import type { MatrixReport } from './program.js';
import { startSite } from './site.js';

const PATIENCE_MS = 120_000;

type PageReport = MatrixReport & { readonly runtime: Runtime };

/** Opens a page, and resolves to what closes the browser. */
type Open = (url: string) => Promise<() => Promise<void>>;

async function openChromium(path: string, url: string): Promise<() => Promise<void>> {
  const browser = await startBrowser(path);
  const page = await browser.open(url);
  return async () => {
    await browser.close();
    assert.equal(page.complaints, []);
  };
}

async function check(name: string, isolated: boolean, open: Open): Promise<void> {
  const site = await startSite({ isolated });
  try {
    const reported = site.report<PageReport>(PATIENCE_MS);
    const close = await open(
      site.url('test/runtimes/page.js', `&workers=${isolated ? '1,3' : '1'}`),
    );
    const report = await reported.finally(close);
    assert.is(report.runtime.threads, isolated ? 'shared' : 'own');
    checkReport(`${name}, ${isolated ? 'isolated' : 'not isolated'}`, report);
  } finally {
    await site.close();
  }
}

const browsers = [
  ['chromium', findBrowser(), openChromium],
  ['firefox', findFirefox(), openFirefox],
] as const;

for (const [name, path, open] of browsers) {
  if (!path) {
    console.log(`skipped: no ${name} here (Debian: chromium, firefox-esr)`);
    continue;
  }
  for (const isolated of [true, false])
    test(`${name}, ${isolated ? 'isolated' : 'not isolated'}`, () =>
      check(name, isolated, (url) => open(path, url)));
}

test.run();
