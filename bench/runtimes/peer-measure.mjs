// Stands in for bench/peers/lib/measure.mjs in pages: what to measure comes with the address, the figure is posted.
import { timeCalls } from '../peers/lib/measure.mjs';
import { inferenceOf, trainingOf } from '../peers/lib/workloads.mjs';
import { post } from './post.mjs';

export { checkFinite, checkProduct, lenet5Parameters, normals } from '../peers/lib/measure.mjs';

/** The bundle has what was installed. */
export const versionOf = () => '';

export function runPeer(_packageName, _from, prepare) {
  const parameters = new URLSearchParams(location.search);
  const workload = parameters.get('workload');
  return post(async () => {
    const { call, check } = await prepare(workload, 1);
    const { medianMs } = await timeCalls(call, Number(parameters.get('seconds')));
    await check();
    const batch = inferenceOf(workload) ?? trainingOf(workload).batch;
    return { value: (batch / medianMs) * 1000 };
  });
}
