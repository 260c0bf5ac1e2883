// Releases this commit in three steps, each of which repeats the checks of the one before:
//   node scripts/release.mjs             checks, .ci/run, and what `npm publish` would send (nothing is sent)
//   node scripts/release.mjs --tag       the same, then tags the commit; pushing the tag starts the release workflow
//   node scripts/release.mjs --publish   in CI only, on the tag: publishes to npm, with provenance
// --untested leaves .ci/run out, in the first step only.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { changesOf, problemsOf } from './release-checks.mjs';
import { stage } from './stage.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const flags = process.argv.slice(2);
const unknown = flags.filter((flag) => !['--tag', '--publish', '--untested'].includes(flag));
if (unknown.length > 0) fail([`unknown: ${unknown.join(', ')}`]);
const has = (flag) => flags.includes(flag);

function fail(problems) {
  console.error(`not released:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  process.exit(1);
}

/** The lines that a command prints. */
const lines = (command, ...args) =>
  execFileSync(command, args, { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

/** Runs a command and shows its output. */
const run = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const changelog = readFileSync('CHANGELOG.md', 'utf8');
const tag = `v${manifest.version}`;

function check() {
  const problems = problemsOf({
    manifest,
    changelog,
    branch: lines('git', 'rev-parse', '--abbrev-ref', 'HEAD')[0],
    changes: lines('git', 'status', '--porcelain').map((line) => line.slice(3)),
    tags: lines('git', 'tag', '--points-at', 'HEAD'),
    allTags: lines('git', 'tag'),
  });
  if (has('--publish') && process.env['GITHUB_ACTIONS'] !== 'true')
    problems.push('--publish is for CI: provenance is what the CI vouches for');
  if (has('--untested') && flags.length > 1) problems.push('--untested goes with nothing else');
  if (problems.length > 0) fail(problems);
}

check();
if (!has('--untested')) {
  run('bash', '.ci/run');
  // A test that leaves something behind would be part of the package.
  check();
}
if (has('--publish')) {
  run('npm', 'publish', stage(), '--provenance', '--access', 'public');
} else {
  run('npm', 'publish', stage(), '--dry-run', '--access', 'public');
  if (has('--tag'))
    run('git', 'tag', '-a', tag, '-m', `${tag}\n\n${changesOf(manifest.version, changelog)}`);
  console.log(
    has('--tag')
      ? `tagged; next: git push origin ${tag}`
      : `${tag} can be released; next: node scripts/release.mjs --tag`,
  );
}
