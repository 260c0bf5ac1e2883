// The conditions of a release: a sentence for each that does not hold.

const VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** The text below a version's heading in the changelog, up to the next; undefined without such a heading. */
export function changesOf(version, changelog) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  return section === undefined ? undefined : section.slice(section.indexOf('\n')).trim();
}

/** `manifest` is package.json; `tags` are those of this commit, `allTags` are all. */
export function problemsOf({ manifest, changelog, branch, changes, tags, allTags }) {
  const { version, repository } = manifest;
  const tag = `v${version}`;
  const problems = [];
  if (!VERSION.test(version)) problems.push(`package.json: '${version}' is no version`);
  if (!repository)
    problems.push(
      'package.json has no "repository": npm compares it with the one that publishes, and refuses provenance without it; add "repository", "homepage" and "bugs"',
    );
  const heading = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - (.*)$`, 'm');
  const date = heading.exec(changelog)?.[1];
  if (date === undefined) problems.push(`CHANGELOG.md has no heading '## [${version}] - <date>'`);
  else if (!/^\d{4}-\d\d-\d\d$/.test(date))
    problems.push(`CHANGELOG.md: ${version} is of '${date}', expected the day of the release`);
  if (date !== undefined && !changesOf(version, changelog))
    problems.push(`CHANGELOG.md says nothing of ${version}`);
  if (branch !== 'main' && !tags.includes(tag))
    problems.push(`on branch '${branch}', expected main, or the commit of tag ${tag}`);
  if (changes.length > 0) problems.push(`files that are not committed: ${changes.join(', ')}`);
  if (allTags.includes(tag) && !tags.includes(tag))
    problems.push(`tag ${tag} is on another commit: ${version} has been released`);
  return problems;
}
