/** The table of kernels against the kernels themselves: names, order and types of their parameters in assembly/. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { int8Kernels } from '../../src/program/int8-rows.js';
import { kernelRows, nameOf } from '../../src/program/kernel-table.js';

const assembly = fileURLToPath(new URL('../../../assembly/', import.meta.url));

/** `N: i32, x: usize` of every function that a file exports and that gives nothing, by its name. */
const signatures = new Map(
  readdirSync(assembly)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(assembly, file), 'utf8'))
    .flatMap((text) => [...text.matchAll(/^export function (\w+)\(([^)]*)\): void/gm)])
    .map(([, name, parameters]) => [
      name!,
      parameters!.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()])),
    ]),
);

const rows = { ...kernelRows(), ...int8Kernels };

/** AssemblyScript's type of what a row's word says. */
function typeOf(word: string): string {
  if (word === 'workspace' || /[=>&:!^]/.test(word)) return 'usize';
  const types: Readonly<Record<string, string>> = { '~': 'f32', '+': 'f64', '#': 'u32' };
  return types[word.at(-1)!] ?? 'i32';
}

test('every row says what its kernel takes', () => {
  for (const [kernel, row] of Object.entries(rows)) {
    const words = row.split(' ');
    assert.equal(
      words.map((word) => `${nameOf(word)}: ${typeOf(word)}`),
      signatures.get(kernel),
      kernel,
    );
    assert.is(new Set(words.map(nameOf)).size, words.length, `${kernel} names an operand twice`);
  }
});

test('sizes are made of numbers and of the kernel’s own extents', () => {
  for (const [kernel, row] of Object.entries(rows)) {
    const words = row.split(' ');
    const extents = words.filter((word) => typeOf(word) === 'i32').map(nameOf);
    for (const word of words) {
      const [, size] = /[=>&:!^](.*)$/.exec(word) ?? [];
      if (size === undefined || size === '*') continue;
      const names = size.startsWith('@') ? [`${size[1]}0`] : size.replace('-1', '').split(/[.+/*]/);
      for (const name of names)
        assert.ok(/^[1-9]\d*$/.test(name) || extents.includes(name), `${kernel}: ${word}: ${name}`);
    }
  }
});

test.run();
