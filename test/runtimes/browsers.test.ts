/** The same bits in Chromium and Firefox, on pages with and without isolation from other origins. */
// slow: trains in every browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../src/engine/init.js';
import { findBrowser, findFirefox, openPage, startBrowser } from '../support/browser.js';
import { checkReport } from './check-report.js';
import { openFirefox } from './firefox.js';
import type { MatrixReport } from './program.js';
import { startSite } from './site.js';

const PATIENCE_MS = 120_000;

type PageReport = MatrixReport & { readonly runtime: Runtime };

/** Opens a page, and resolves to what closes the browser and says what the page has complained of. */
type Open = (path: string, url: string) => Promise<() => Promise<readonly string[]>>;

async function openChromium(path: string, url: string): Promise<() => Promise<readonly string[]>> {
  const browser = await startBrowser(path);
  const page = await openPage(browser, url);
  return async () => {
    await browser.close();
    return page.complaints;
  };
}

async function check(name: string, path: string, isolated: boolean, open: Open): Promise<void> {
  const site = await startSite({ isolated });
  try {
    const reported = site.report<PageReport>(PATIENCE_MS);
    const close = await open(
      path,
      site.url('test/runtimes/page.js', `&workers=${isolated ? '1,3' : '1'}`),
    );
    let complaints: readonly string[] = [];
    const report = await reported.finally(async () => (complaints = await close()));
    assert.is(report.runtime.threads, isolated ? 'shared' : 'own');
    checkReport(`${name}, ${isolated ? 'isolated' : 'not isolated'}`, report);
    const expected = /^Lanewise: memory cannot be shared, as the page is not cross-origin isolated/;
    assert.equal(
      complaints.filter((line) => isolated || !expected.test(line)),
      [],
    );
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
      check(name, path, isolated, open));
}

test.run();
