/** What machines gained a run, and what its user may do where they gained little. */
import type { MachineFigures } from '../crew/machines.js';

/** The figures that advice follows from. */
type Gained = Pick<MachineFigures, 'machines' | 'wire' | 'gain' | 'share'>;

/** Below this the estimate says that one machine alone is faster; nearer to 1 it says nothing. */
const SLOWER = 0.95;

/** From this share of the time on the wire is named as the limit. */
const WIRE_IS_LIMIT = 0.5;

/**
 * A sentence for a run that machines slow down, or whose time goes mostly to the wire; undefined for others. It names
 * settings, as the library does. A run that takes the faster way by itself needs no advice to train alone.
 */
export function machineAdvice({ machines, wire, gain, share }: Gained): string | undefined {
  if (machines < 2) return undefined;
  if (gain < SLOWER && share === 'auto') return undefined;
  if (gain < SLOWER)
    return `one machine alone is faster (about ${showGain(1 / gain)} times; the wire takes ${percent(wire)}): leave the cluster out, or raise accumulate`;
  if (wire > WIRE_IS_LIMIT)
    return `the wire takes ${percent(wire)} of the time (the machines are about ${showGain(gain)} times as fast as one): raise accumulate for longer steps`;
  return undefined;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** `1.8`, `12`: more digits say more than an estimate knows. */
export const showGain = (gain: number): string =>
  String(Number(gain.toPrecision(gain < 10 ? 2 : 3)));
