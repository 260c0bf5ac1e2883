/**
 * A run that machines share, in a process of its own, to be disturbed. Prints its events as JSON lines, and the error that it
 * ends with; waits `stepMs` after each step, so that there is time for what happens to it.
 *   node run-process.js '{"url":"nats://127.0.0.1:4222","folder":"run","stepMs":20}'
 */
import type * as Lanewise from '../../src/index.js';

/** What the process is given. */
export interface ProcessRun {
  /** Of the server; alone without. */
  readonly url?: string;
  readonly folder?: string;
  readonly resume?: boolean;
  readonly fresh?: boolean;
  readonly seed?: number;
  /** What is trained; default LeNet-5 with momentum. */
  readonly variant?: keyof typeof VARIANTS;
  /** Default 60, in epochs of 5. */
  readonly steps?: number;
  readonly stepMs?: number;
  /** Steps from the 16th on wait for a second each until so many machines have joined, however slow this computer is. */
  readonly joins?: number;
  readonly minWorkers?: number;
  readonly deadline?: number;
  readonly check?: number;
  /** Default `always`: small nets would go on alone. */
  readonly share?: 'auto' | 'always';
  readonly insecure?: boolean;
  readonly numerics?: 'strict' | 'fused';
}

// As users have it.
const bundle = new URL('../../src/bundle/index.js', import.meta.url).href;
const lanewise = (await import(bundle)) as typeof Lanewise;
const { digits, LanewiseError, lenet5, trainEvents } = lanewise;

const given = JSON.parse(process.argv[2]!) as ProcessRun;
const { url, folder, resume = false, fresh = false, seed = 1, stepMs = 0, joins = 0 } = given;
const {
  steps = 60,
  minWorkers = 0,
  deadline,
  check,
  share = 'always',
  insecure = false,
  numerics = 'strict',
} = given;
const say = (line: object) => console.log(JSON.stringify(line));
const data = digits({ count: 320, seed });

const VARIANTS = {
  plain: () => [lenet5(), { optimizer: lanewise.momentum({ lr: 0.05 }) }],
  clipped: () => [
    lenet5(),
    { optimizer: lanewise.adamW({ lr: 0.003 }), clipNorm: 0.5, shards: 7, mixup: { alpha: 0.4 } },
  ],
  averaged: () => [
    lanewise.smallVgg(),
    {
      data: lanewise.transformed(data, [lanewise.transforms.randomAffine({ degrees: 10 })]),
      optimizer: lanewise.momentum({ lr: 0.02 }),
      average: lanewise.ema({ decay: 0.9 }),
    },
  ],
} satisfies Record<string, () => [Lanewise.Model, Partial<Lanewise.TrainSettings>]>;

const [model, own] = VARIANTS[given.variant ?? 'plain']();
const settings = {
  data,
  batch: 64,
  epochs: steps / 5,
  seed,
  numerics,
  workers: 0,
  ...own,
} as Lanewise.TrainSettings;
const cluster = (server: string) => ({
  cluster: {
    url: server,
    minWorkers,
    insecure,
    share,
    ...(deadline === undefined ? {} : { deadline }),
    ...(check === undefined ? {} : { check }),
  },
});
let joined = 0;
const paceAt = (step: number) => (joined < joins && step >= 16 ? 1000 : stepMs);
try {
  for await (const event of trainEvents(model, settings, {
    report: false,
    stepsPerEvent: 1,
    ...(folder === undefined ? {} : { folder, resume, fresh, checkpoints: { everySteps: 5 } }),
    ...(url === undefined ? {} : cluster(url)),
  })) {
    if (event.event === 'done') {
      const { sha256, step } = event;
      say({ event: 'done', sha256, step });
    } else if (['step', 'machine', 'recovery', 'warning', 'start'].includes(event.event))
      say(event);
    if (event.event === 'machine' && event.change === 'joined') joined++;
    if (event.event === 'step' && paceAt(event.step) > 0)
      await new Promise((resolve) => setTimeout(resolve, paceAt(event.step)));
  }
} catch (error) {
  if (!(error instanceof LanewiseError)) throw error;
  say({ event: 'error', message: error.message, hint: error.hint });
  process.exitCode = 1;
}
