/** docs/architecture.md names every file that a run of LeNet-5 executes in the folders it covers, and follows a minibatch. */
// slow: trains in processes that write V8's coverage
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Script {
  executedFiles(): string[];
  readPage(): string;
  withList(text: string, files: readonly string[]): Promise<string>;
}

const root = new URL('../../', import.meta.url);
const script = (await import(new URL('scripts/architecture.mjs', root).href)) as Script;
const page = script.readPage();

test('the page has the list of the files that a run executes, in the words of their headers', async () => {
  const files = script.executedFiles();
  assert.ok(files.length > 80, `${files.length} files`);
  assert.ok(files.includes('step/worker.ts'));
  const hint = 'node scripts/architecture.mjs writes the list';
  assert.is(page, await script.withList(page, files), hint);
});

/** The files that begin the items of the numbered list under a heading. */
function filesUnder(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\d+\. `([\w/.-]+)`/gm)].map(([, file]) => file!);
}

test('a minibatch passes at most 12 files down and 6 up', () => {
  const [down, up] = [filesUnder('Down'), filesUnder('Up')];
  assert.ok(down.length >= 8 && down.length <= 12, `${down.length} down`);
  assert.ok(up.length >= 4 && up.length <= 6, `${up.length} up`);
  for (const file of [...down, ...up])
    assert.ok(existsSync(fileURLToPath(new URL(file, root))), file);
});

test.run();
