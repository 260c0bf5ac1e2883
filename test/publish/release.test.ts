/** The release script refuses a commit that is not ready, lists all reasons at once, and sends nothing. */
// slow: a process a case
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder } from '../cli/lanewise.js';
import { root, run } from './packed.js';

interface State {
  readonly manifest: { readonly version: string; readonly repository?: string };
  readonly changelog: string;
  readonly branch: string;
  readonly changes: readonly string[];
  readonly tags: readonly string[];
  readonly allTags: readonly string[];
}

const { problemsOf, changesOf } = (await import(
  new URL('../../../scripts/release-checks.mjs', import.meta.url).href
)) as {
  problemsOf(state: State): string[];
  changesOf(version: string, changelog: string): string | undefined;
};

const changelog =
  '# Changelog\n\n## [1.2.0] - 2026-12-01\n\n- New.\n\n## [1.1.0] - 2026-11-01\n\n- Old.\n';
const ready: State = {
  manifest: { version: '1.2.0', repository: 'github:somebody/lanewise' },
  changelog,
  branch: 'main',
  changes: [],
  tags: [],
  allTags: ['v1.1.0'],
};

test('a state that is ready has no problems, before its tag and on it', () => {
  assert.equal(problemsOf(ready), []);
  const tagged = { ...ready, branch: 'HEAD', tags: ['v1.2.0'], allTags: ['v1.1.0', 'v1.2.0'] };
  assert.equal(problemsOf(tagged), []);
  assert.is(changesOf('1.2.0', changelog), '- New.');
  assert.is(changesOf('1.1.0', changelog), '- Old.');
});

const cases: readonly [what: Partial<State>, said: RegExp][] = [
  [{ manifest: { version: '1.2.0' } }, /package\.json has no "repository".*provenance/],
  [{ manifest: { version: 'next', repository: 'x' } }, /'next' is no version/],
  [{ changelog: '# Changelog\n' }, /no heading '## \[1\.2\.0\] - <date>'/],
  [{ changelog: '## [1.2.0] - Unreleased\n\n- New.\n' }, /of 'Unreleased', expected the day/],
  [{ changelog: '## [1.2.0] - 2026-12-01\n\n## [1.1.0] - 2026-11-01\n\n- Old.\n' }, /says nothing/],
  [{ branch: 'wip' }, /on branch 'wip', expected main/],
  [{ changes: ['src/index.ts'] }, /not committed: src\/index\.ts/],
  [{ allTags: ['v1.2.0'] }, /tag v1\.2\.0 is on another commit/],
];

for (const [what, said] of cases) {
  test(`refused: ${JSON.stringify(what)}`, () => {
    assert.match(problemsOf({ ...ready, ...what }).join('\n'), said);
  });
}

/** The script in a repository of its own. */
const inRepository = (check: (folder: string) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    await mkdir(join(folder, 'scripts'));
    for (const name of ['release.mjs', 'release-checks.mjs', 'stage.mjs'])
      await copyFile(join(root, 'scripts', name), join(folder, 'scripts', name));
    const manifest = { name: 'lanewise', ...ready.manifest };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'CHANGELOG.md'), changelog);
    await writeFile(join(folder, '.gitignore'), 'dist/\n');
    const git = (...args: string[]) =>
      run('git', ['-c', 'user.name=n', '-c', 'user.email=n@localhost', ...args], { cwd: folder });
    await git('init', '-q', '-b', 'main');
    await git('add', '.');
    await git('commit', '-q', '-m', 'All of it');
    await check(folder);
  });

const release = async (folder: string, ...flags: string[]) => {
  const { GITHUB_ACTIONS: _, ...env } = process.env;
  try {
    const args = [join('scripts', 'release.mjs'), ...flags];
    return { code: 0, ...(await run(process.execPath, args, { cwd: folder, env })) };
  } catch (error) {
    return error as { readonly code: number; readonly stdout: string; readonly stderr: string };
  }
};

test('a commit that is ready is shown, not sent; outside of CI nothing is', () =>
  inRepository(async (folder) => {
    const shown = await release(folder, '--untested');
    assert.is(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /v1\.2\.0 can be released/);
    assert.match(shown.stderr, /dry-run/);

    const sent = await release(folder, '--publish');
    assert.is(sent.code, 1);
    assert.match(sent.stderr, /not released:\n- --publish is for CI/);

    const untested = await release(folder, '--tag', '--untested');
    assert.is(untested.code, 1);
    assert.is((await run('git', ['tag'], { cwd: folder })).stdout, '');

    await writeFile(join(folder, 'left'), 'over');
    const unclean = await release(folder, '--untested');
    assert.is(unclean.code, 1);
    assert.match(unclean.stderr, /not committed: left/);
  }));

test.run();
