/** Who takes part in a run, from what machines say and from their silence. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Build, Hello } from '../../src/cluster/cluster-messages.js';
import { createMembers, SILENT_TICKS, type Members } from '../../src/cluster/members.js';

const EPOCH = 7;
const build: Build = { protocol: 1, version: '1.2.3', wasm: 'a'.repeat(64), numerics: 'strict' };
const hello: Hello = { kind: 'hello', ...build, threads: 2, engine: 'a test' };
const ready = { kind: 'ready', epoch: EPOCH, plan: 'p' } as const;
const beat = { kind: 'beat', epoch: EPOCH } as const;

const told = (members: Members): string[] =>
  members
    .changes()
    .map(({ machine, change, reason }) =>
      [machine, change, reason].filter((word) => word !== undefined).join(' '),
    );

/** Takes a machine in. */
function join(members: Members, user: string, id: string): void {
  const answer = members.hear(user, id, hello);
  assert.is(answer?.kind, 'welcome');
  if (answer?.kind === 'welcome') answer.member.plan = 'p';
  members.hear(user, id, ready);
}

const ticks = (members: Members, count: number): string[] =>
  Array.from({ length: count }, () => members.tick('it is silent')).flatMap((lost) =>
    lost.map(({ key }) => key),
  );

test('a machine that is welcome takes part once it says that it has the plan it was given', () => {
  const members = createMembers(build, EPOCH);
  const answer = members.hear('anna', 'x', hello);
  assert.is(answer?.kind, 'welcome');
  members.hear('anna', 'x', ready);
  members.hear('anna', 'x', { ...ready, plan: 'another' });
  assert.equal(members.ready(), []);
  join(members, 'anna', 'x');
  assert.equal(
    members.ready().map(({ key, threads }) => [key, threads]),
    [['anna.x', 2]],
  );
  assert.equal(told(members), ['anna joined']);
  assert.equal(told(members), []);
});

test('silence for a second is leaving, and a word is coming back', () => {
  const members = createMembers(build, EPOCH);
  join(members, 'anna', 'x');
  assert.equal(ticks(members, SILENT_TICKS), []);
  members.hear('anna', 'x', beat);
  assert.equal(ticks(members, SILENT_TICKS), []);
  members.heard('anna', 'x');
  assert.equal(ticks(members, SILENT_TICKS), []);
  assert.equal(ticks(members, 2), ['anna.x']);
  assert.equal(members.ready(), []);
  // What belongs to another time of the run is nothing.
  members.hear('anna', 'x', { ...beat, epoch: EPOCH - 1 });
  assert.equal(members.ready(), []);
  members.hear('anna', 'x', beat);
  assert.is(members.ready().length, 1);
  assert.equal(told(members), ['anna joined', 'anna left it is silent', 'anna joined']);
});

test('a machine that says goodbye, is gone or begins anew is not there', () => {
  const members = createMembers(build, EPOCH);
  for (const user of ['anna', 'bert', 'cleo']) join(members, user, 'x');
  members.hear('anna', 'x', { kind: 'leave', epoch: EPOCH, reason: 'it was told to stop' });
  members.drop(members.ready()[0]!, 'its process is gone');
  members.hear('cleo', 'x', hello);
  assert.equal(members.ready(), []);
  assert.equal(told(members).slice(3), [
    'anna left it was told to stop',
    'bert left its process is gone',
    'cleo left it had not heard of this machine for a second',
  ]);
  members.hear('bert', 'x', beat);
  assert.equal(members.ready(), []);
});

test('a machine of another build is refused, and told why at each asking; we are told once', () => {
  const members = createMembers(build, EPOCH);
  for (let i = 0; i < 3; i++) {
    const answer = members.hear('anna', 'x', { ...hello, version: '1.2.2' });
    assert.equal(answer, {
      kind: 'refused',
      epoch: EPOCH,
      reason: 'the worker has lanewise 1.2.2, the coordinator 1.2.3',
      hint: 'install lanewise 1.2.3 on both machines',
    });
  }
  members.hear('bert', 'x', { kind: 'refused', epoch: EPOCH, reason: 'I am small' });
  assert.equal(told(members), [
    'anna refused the worker has lanewise 1.2.2, the coordinator 1.2.3; install lanewise 1.2.3 on both machines',
    'bert refused I am small',
  ]);
});

test('users of several processes are told apart', () => {
  const members = createMembers(build, EPOCH);
  join(members, 'anna', 'x');
  join(members, 'anna', 'y');
  join(members, 'bert', 'z');
  assert.equal(
    members.ready().map((member) => members.nameOf(member.key)),
    ['anna.x', 'anna.y', 'bert'],
  );
});

test('a user that is shut out is out with all of its processes, and stays out', () => {
  const members = createMembers(build, EPOCH);
  join(members, 'anna', 'x');
  join(members, 'anna', 'y');
  join(members, 'bert', 'z');
  const out = members.shutOut('anna', 'it lied');
  assert.equal(
    out.map(({ key }) => key),
    ['anna.x', 'anna.y'],
  );
  const answer = members.hear('anna', 'new', hello);
  assert.equal(answer, { kind: 'refused', epoch: EPOCH, reason: 'it lied' });
  members.hear('anna', 'x', beat);
  assert.equal(
    members.ready().map(({ user }) => user),
    ['bert'],
  );
});

test('memory is bounded, however many ask', () => {
  const members = createMembers(build, EPOCH);
  for (let i = 0; i < 4096; i++) join(members, `user${i % 8}`, `a${i}`);
  const full = members.hear('anna', 'more', hello);
  assert.is(full?.kind, 'refused');
  ticks(members, SILENT_TICKS + 1);
  assert.is(members.hear('anna', 'more', hello)?.kind, 'welcome');
});

test('nobody takes part in a run that is closed, for its reason', () => {
  const members = createMembers(build, EPOCH, { reason: 'one shard', hint: 'raise batch' });
  const answer = members.hear('anna', 'x', hello);
  assert.equal(answer, { kind: 'refused', epoch: EPOCH, reason: 'one shard', hint: 'raise batch' });
});

test.run();
