// Lists the commits of this branch that break the rules of the history: `npm run check:history -- [range]`; the default is
// main..HEAD.
import { execFileSync } from 'node:child_process';

const [range = 'main..HEAD'] = process.argv.slice(2);
const longest = 72;
const log = execFileSync('git', ['log', '--format=%h%x1f%p%x1f%s%x1f%b%x1e', range], {
  encoding: 'utf8',
});
const wrong = log.split('\x1e\n').flatMap((entry) => {
  const [hash, parents, title = '', body = ''] = entry.split('\x1f');
  const reasons = [
    ...(parents?.includes(' ') ? ['a merge: rebase instead'] : []),
    ...(title.length > longest
      ? [`a title of ${title.length} characters, at most ${longest}`]
      : []),
    ...(title && !body.trim() ? ['no body that says why'] : []),
  ];
  return reasons.map((reason) => `${hash} ${title}: ${reason}`);
});
for (const line of wrong) console.error(line);
process.exit(wrong.length > 0 ? 1 : 0);
