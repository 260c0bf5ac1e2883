/** `lanewise lab`: a list, a run with its page, and refusals before work starts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inFolder, lanewise, main } from './lanewise.js';
import { labNames } from '../support/lab.js';

const name = 'boundary-from-points';
const quick = ['lab', name, '--small', '--set', 'steps=40,points=rings'];

test('without a name it lists every lab', async () => {
  const { code, stdout } = await lanewise(['lab']);
  assert.is(code, 0);
  for (const one of labNames()) assert.match(stdout, new RegExp(`^  ${one} +\\S`, 'm'));
  const json = await lanewise(['lab', '--json']);
  const list = JSON.parse(json.stdout) as { readonly name: string }[];
  assert.equal(list.map((one) => one.name).toSorted(), labNames());
});

test('what a run would ignore is refused before it starts', async () => {
  const cases: [string[], RegExp][] = [
    [['--small'], /--small is for running a lab, and no lab is named/],
    [['--data-dir', 'x'], /--data-dir is for running a lab/],
    [[name, '--set', 'steps=3,steps=4'], /steps is set twice/],
    [[name, '--small', '--out', ''], /--out is '', expected a file for the page/],
    [['README.md'], /'README\.md' is no file of a lab, expected a name that ends in \.mjs or \.js/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await lanewise(['lab', ...args]);
    assert.is(code, 1, args.join(' '));
    assert.match(stderr, expected);
  }
});

test('a run prints figures and hash in plain lines, and writes its page', () =>
  inFolder(async (cwd) => {
    const { code, stdout, stderr } = await lanewise(quick, { cwd });
    assert.is(code, 0, stderr);
    assert.match(stdout, /accuracy on new points +\d+\.\d\d %/);
    const [, hash] = /sha256 ([\da-f]{64})/.exec(stdout)!;
    assert.not.match(stdout + stderr, /█|░/, 'no bar where there is no terminal');
    const page = readFileSync(join(cwd, 'runs', `lab-${name}.html`), 'utf8');
    assert.match(page, new RegExp(hash!));
    assert.match(page, /--small --set points=rings,steps=40/, 'the page says how it is made again');
    const json = await lanewise([...quick, '--workers', '2', '--json', '--out', 'a.html'], { cwd });
    const record = JSON.parse(json.stdout) as { sha256: string; settings: { steps: number } };
    assert.is(record.sha256, hash);
    assert.is(record.settings.steps, 40);
    assert.ok(existsSync(join(cwd, 'a.html')));
  }));

test('a CSV file of one’s own is learned, and a lab of one’s own runs', () =>
  inFolder(async (cwd) => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const [x, y] = [(i % 10) * 3, Math.floor(i / 10)];
      return `${x},${y},${x > 12 ? 'high' : 'low'}`;
    });
    writeFileSync(join(cwd, 'mine.csv'), ['x,y,class', ...rows].join('\n'));
    const file = join(cwd, 'mine.csv');
    const own = await lanewise(['lab', name, '--small', '--set', `points=${file}`], { cwd });
    assert.is(own.code, 0, own.stderr);
    assert.match(own.stdout, /accuracy of a line +9\d|accuracy of a line +100/, 'x > 12 is a line');
    const missing = await lanewise(['lab', 'nowhere.mjs'], { cwd });
    assert.is(missing.code, 1);
    assert.match(missing.stderr, /'nowhere.mjs' does not exist/);
    writeFileSync(join(cwd, 'none.mjs'), 'export default 3;\n');
    assert.match((await lanewise(['lab', 'none.mjs'], { cwd })).stderr, /holds no lab/);
  }));

test('a lab that ends without findings says so, and fails', () =>
  inFolder(async (cwd) => {
    const rest = "group: 'Own data', title: 'T', about: 'A', papers: [], settings: {}";
    for (const run of ['await new Promise(() => {})', 'process.exit(0)']) {
      const own = `export default { name: 'own', ${rest}, settingsAbout: {}, small: {}, async run() { ${run} } };`;
      writeFileSync(join(cwd, 'own.mjs'), own);
      const { status, stderr } = spawnSync(process.execPath, [main, 'lab', 'own.mjs'], { cwd });
      assert.is(status, 1, run);
      assert.match(String(stderr), /^lab 'own' ended without findings: nothing is written$/m);
    }
    writeFileSync(join(cwd, 'bare.mjs'), "export default { name: 'a', settings: null, run() {} };");
    const bare = await lanewise(['lab', 'bare.mjs'], { cwd });
    assert.match(bare.stderr, /^error: lab: group is undefined, expected one of/m);
  }));

test('what there is not is refused by name, with the nearest, and nothing is written', () =>
  inFolder(async (cwd) => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ['boundry-from-points'],
        /unknown lab 'boundry-from-points'[^]*did you mean 'boundary-from-points'/,
      ],
      [[name, '--set', 'wdth=3'], /unknown setting 'wdth'[^]*did you mean 'width'/],
      [[name, '--set', 'width=many'], /width is 'many', expected a whole number from 1 to 512/],
      [[name, '--set', 'width'], /Expected a setting, = and its value/],
      [[name, '--full'], /has no full form/],
      [[name, '--full', '--small'], /exclude each other/],
      [[name, '--data', 'mnits'], /unknown data set 'mnits'[^]*did you mean 'mnist'/],
    ];
    for (const [args, words] of wrong) {
      const { code, stderr } = await lanewise(['lab', ...args], { cwd });
      assert.is(code, 1, args.join(' '));
      assert.match(stderr, words);
    }
    assert.not.ok(existsSync(join(cwd, 'runs')));
  }));

test('a record is written as an entry, and a check says whether it holds', () =>
  inFolder(async (cwd) => {
    const run = ['lab', 'mnist-in-seconds'];
    const tiny = ['--small', '--set', 'seeds=2,samples=128', '--workers', '1'];
    const made = await lanewise([...run, ...tiny, '--record', 'a.json', '--by', 'Ada'], { cwd });
    assert.is(made.code, 0, made.stderr);
    const entry = JSON.parse(readFileSync(join(cwd, 'a.json'), 'utf8')) as { evidence: string[] };
    assert.match(made.stdout, /record: a\.json/);
    const right = await lanewise([...run, '--check', 'a.json', '--workers', '0'], { cwd });
    assert.is(right.code, 0, right.stderr);
    assert.match(right.stdout, /The entry holds: the SHA-256 is the same/);
    // A better seed, made up.
    const [first, second] = entry.evidence;
    const evidence = [first!.replace(/: \d+ of/, ': 4999 of'), second];
    writeFileSync(join(cwd, 'b.json'), JSON.stringify({ ...entry, evidence }));
    const wrong = await lanewise([...run, '--check', 'b.json'], { cwd });
    assert.is(wrong.code, 1);
    assert.match(wrong.stdout, /The entry does not hold\.[^]*Of 2 seeds 1 end otherwise here/);
    const refused: readonly (readonly [readonly string[], RegExp])[] = [
      [['lab', name, '--record', 'c.json'], /keeps no records: it is of the group Own data/],
      [[...run, '--check', 'a.json', '--small'], /--check takes form, settings and data/],
      [[...run, '--check', 'a.json', '--record', 'c.json'], /exclude each other/],
      [[...run, '--by', 'Ada'], /--by is for --record FILE/],
      [[...run, '--check', 'none.json'], /cannot read 'none\.json'/],
    ];
    for (const [args, words] of refused) {
      const { code, stderr } = await lanewise(args, { cwd });
      assert.is(code, 1, args.join(' '));
      assert.match(stderr, words);
    }
    assert.not.ok(existsSync(join(cwd, 'c.json')));
  }));

test('Ctrl-C ends a run with one line and the shell’s code, and no page', () =>
  inFolder(async (cwd) => {
    const child = spawn(process.execPath, [main, 'lab', name, '--set', 'steps=100000'], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    // It is at work once its folder is there.
    const waiting = setInterval(() => {
      if (existsSync(join(cwd, 'runs'))) setTimeout(() => child.kill('SIGINT'), 500);
      if (existsSync(join(cwd, 'runs'))) clearInterval(waiting);
    }, 50);
    assert.is(await ended, 130);
    assert.is(stderr.trim(), `lab '${name}' was stopped: nothing is written`);
    assert.not.ok(existsSync(join(cwd, 'runs', `lab-${name}.html`)));
  }));

test.run();
