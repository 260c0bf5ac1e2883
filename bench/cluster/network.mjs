// Two namespaces of the network with a link between them, shaped to a rate (as root, on Linux).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ip = (...args) => {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
};

/** The link: what stands before commands at each end, and the first end's address. */
export function openNetwork(rate = '1gbit') {
  const names = [`lwb${process.pid}a`, `lwb${process.pid}b`];
  const hosts = ['10.177.84.1', '10.177.84.2'];
  const [a, b] = names;
  const close = () => names.forEach((name) => spawnSync('ip', ['netns', 'del', name]));
  process.on('exit', close);
  names.forEach((name) => ip('netns', 'add', name));
  ip('link', 'add', 'end', 'netns', a, 'type', 'veth', 'peer', 'name', 'end', 'netns', b);
  for (const [i, name] of names.entries()) {
    ip('-n', name, 'addr', 'add', `${hosts[i]}/24`, 'dev', 'end');
    ip('-n', name, 'link', 'set', 'end', 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    if (!rate) continue;
    const shape = ['qdisc', 'add', 'dev', 'end', 'root', 'tbf', 'rate', rate];
    const { status, stderr } = spawnSync(
      'tc',
      ['-n', name, ...shape, 'burst', '256kb', 'latency', '50ms'],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`tc: ${stderr}`);
  }
  return {
    host: hosts[0],
    ends: names.map((name) => ['ip', 'netns', 'exec', name]),
    /** Cuts the link, or puts it together again. */
    set: (state) => ip('-n', a, 'link', 'set', 'end', state),
    close,
  };
}

const rate = fileURLToPath(new URL('rate.mjs', import.meta.url));

/** Gbit/s that a stream of TCP has from the second end to the first. */
export async function measureRate({ host, ends: [first, second] }) {
  const node = process.execPath;
  const receiver = spawn(first[0], [...first.slice(1), node, rate, 'receive', host], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(receiver.stdout, 'data');
  spawn(second[0], [...second.slice(1), node, rate, 'send', host], { stdio: 'inherit' });
  const [text] = await once(receiver.stdout, 'data');
  return Number(text);
}
