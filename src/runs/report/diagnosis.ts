/** Diagnoses a net's health, in sentences, from the last look into it. */
import type { ProbeEvent } from '../../train/events.js';
import { showNumber } from './figures.js';

/** How many times larger or smaller the first layers' gradients are than the last's, to be worth a warning. */
const FAR = 1e4;

/** Findings of vanishing or exploding signals and gradients; a sentence that all is well if there are none. */
export function diagnose(probe: ProbeEvent | undefined): string[] {
  if (!probe || probe.layers.length === 0) return [];
  const { layers } = probe;
  const findings: string[] = [];
  const lost = layers.find(
    ({ activationNorm, gradientNorm }) =>
      !Number.isFinite(activationNorm) || !Number.isFinite(gradientNorm),
  );
  if (lost) findings.push(`Layer '${lost.name}' has an output or a gradient that is not finite.`);
  const silent = layers.filter(({ activationNorm }) => activationNorm === 0);
  if (silent.length > 0)
    findings.push(`Outputs are all zero in ${silent.map(({ name }) => `'${name}'`).join(', ')}.`);
  // Layers that the loss does not depend on are left out.
  const reached = layers.filter(({ gradientNorm }) => gradientNorm > 0);
  const [first, last] = [reached[0], reached.at(-1)];
  if (first && last && Number.isFinite(first.gradientNorm) && Number.isFinite(last.gradientNorm)) {
    const ratio = first.gradientNorm / last.gradientNorm;
    const words = `by '${first.name}' it is ${showNumber(first.gradientNorm)}, by '${last.name}' ${showNumber(last.gradientNorm)}`;
    if (ratio < 1 / FAR) findings.push(`The gradient vanishes on its way back: ${words}.`);
    else if (ratio > FAR) findings.push(`The gradient explodes on its way back: ${words}.`);
    else if (findings.length === 0)
      findings.push(
        `Gradients reach the first layer: ${words} (root mean squares at the last look).`,
      );
  }
  return findings;
}
