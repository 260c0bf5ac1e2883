/** `import 'lanewise'` is cheap: it loads few files of our own, and nothing heavy before it is used. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every file that is loaded with `name`, with its text. */
async function loadedWith(name: string, found = new Map<string, string>()) {
  const text = await readFile(`${root}/dist/src/bundle/${name}`, 'utf8');
  found.set(name, text);
  for (const [, path] of text.matchAll(/^(?:import|\} from) "\.\/([^"]+)";$/gm))
    if (!found.has(path!)) await loadedWith(path!, found);
  return found;
}

test('importing the package loads two files, and of Node no streams', async () => {
  const files = await loadedWith('index.js');
  assert.is(files.size, 2, [...files.keys()].join(', '));
  const text = [...files.values()].join('\n');
  const packages = [...text.matchAll(/^(?:import|\} from|import .* from) "([^."][^"]*)";$/gm)];
  assert.equal(
    packages.map(([, name]) => name).filter((name) => !name!.startsWith('node:')),
    [],
  );
  const script = `
    const before = new Set(process.moduleLoadList);
    await import('lanewise');
    console.log(process.moduleLoadList.filter((name) => !before.has(name)).join('\\n'));`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
  });
  const heavy = /^NativeModule (internal\/fs\/streams|stream|zlib|crypto|http|child_process)$/;
  assert.equal(
    (await run).stdout.split('\n').filter((name) => heavy.test(name)),
    [],
  );
});

test.run();
