// What bench/runtimes.mjs measures in every runtime, on web standards alone: images a second of LeNet-5 trained on
// minibatches of 64 through the public names, progress and all.

const BATCH = 64;
const STEPS = 60;

/** The median epoch's images a second, in about `seconds`. */
export async function throughput({ digits, init, lenet5, momentum, train }, workers, seconds) {
  const { numerics, threads } = await init();
  const data = digits({ count: STEPS * BATCH });
  const run = async (epochs) => {
    const optimizer = momentum({ lr: 0.01 });
    const { history } = await train(lenet5(), { data, optimizer, batch: BATCH, epochs, workers });
    return history.map(({ imagesPerSecond }) => imagesPerSecond);
  };
  const [, speed] = await run(2);
  const epochs = Math.max(5, Math.round((speed * seconds) / (STEPS * BATCH)));
  // The first is still being compiled.
  const speeds = (await run(epochs)).slice(1).toSorted((a, b) => a - b);
  return { value: speeds[Math.floor(speeds.length / 2)], numerics, threads };
}
