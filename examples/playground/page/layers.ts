/** The layer editor: a list of layers with their settings, checked by the engine while it is edited. */
import type { CheckedLayer, LayerChoice } from '../messages.js';
import { byId, make } from './dom.js';
import { count } from './show.js';

interface Setting {
  readonly name: string;
  readonly label: string;
  readonly value: number;
  readonly step?: number;
}

const kernel = (value: number): Setting => ({ name: 'kernel', label: 'size', value });

const kinds: Readonly<Record<string, { readonly label: string; readonly settings: Setting[] }>> = {
  conv2d: {
    label: 'Convolution',
    settings: [
      { name: 'filters', label: 'filters', value: 16 },
      { name: 'kernel', label: 'size', value: 3 },
      { name: 'stride', label: 'stride', value: 1 },
      { name: 'padding', label: 'padding', value: 1 },
    ],
  },
  linear: { label: 'Dense', settings: [{ name: 'units', label: 'units', value: 64 }] },
  relu: { label: 'ReLU', settings: [] },
  tanh: { label: 'Tanh', settings: [] },
  sigmoid: { label: 'Sigmoid', settings: [] },
  gelu: { label: 'GELU', settings: [] },
  maxPool2d: { label: 'Max pooling', settings: [kernel(2)] },
  avgPool2d: { label: 'Mean pooling', settings: [kernel(2)] },
  globalAvgPool2d: { label: 'Mean of each channel', settings: [] },
  batchNorm2d: { label: 'Batch normalisation', settings: [] },
  dropout: {
    label: 'Dropout',
    settings: [{ name: 'rate', label: 'rate', value: 0.2, step: 0.05 }],
  },
  flatten: { label: 'Flatten', settings: [] },
};

const usual: readonly LayerChoice[] = [
  { kind: 'conv2d', settings: { filters: 8, kernel: 5, stride: 1, padding: 2 } },
  { kind: 'relu', settings: {} },
  { kind: 'maxPool2d', settings: { kernel: 2 } },
  { kind: 'conv2d', settings: { filters: 16, kernel: 3, stride: 1, padding: 1 } },
  { kind: 'relu', settings: {} },
  { kind: 'maxPool2d', settings: { kernel: 2 } },
  { kind: 'flatten', settings: {} },
  { kind: 'linear', settings: { units: 64 } },
  { kind: 'relu', settings: {} },
  { kind: 'linear', settings: { units: 10 } },
];

export interface LayerEditor {
  readonly layers: () => readonly LayerChoice[];
  /** The engine's answer about the layers it checked last. */
  checked(layers: readonly CheckedLayer[], parameters: number | undefined): void;
}

export function createLayerEditor(check: (layers: readonly LayerChoice[]) => void): LayerEditor {
  const list = byId<HTMLOListElement>('layers');
  let layers: LayerChoice[] = [...usual];
  let outputs: HTMLOutputElement[] = [];

  const select = byId<HTMLSelectElement>('new-layer');
  select.append(
    ...Object.entries(kinds).map(([value, { label }]) => make('option', { value }, label)),
  );
  byId('add-layer').addEventListener('click', () => {
    const { settings } = kinds[select.value]!;
    const values = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
    // A new layer goes before the one that gives the answer.
    const at = Math.max(0, layers.length - 1);
    change(layers.toSpliced(at, 0, { kind: select.value, settings: values }));
    list.children[at]?.querySelector<HTMLElement>('input, button')?.focus();
  });

  function change(next: LayerChoice[]): void {
    layers = next;
    build();
    check(layers);
  }

  function field(i: number, { name, label, step = 1 }: Setting): HTMLElement {
    const value = layers[i]!.settings[name];
    const input = make('input', { type: 'number', step: String(step), value: String(value) });
    input.setAttribute('aria-describedby', `layer-${i}`);
    input.addEventListener('input', () => {
      const settings = { ...layers[i]!.settings, [name]: input.valueAsNumber };
      layers = layers.with(i, { ...layers[i]!, settings });
      check(layers);
    });
    return make('label', {}, label, input);
  }

  function tool(
    i: number,
    mark: string,
    name: string,
    isIdle: boolean,
    act: () => number,
  ): HTMLElement {
    const button = make('button', { type: 'button', disabled: isIdle }, mark);
    const { label } = kinds[layers[i]!.kind]!;
    button.setAttribute('aria-label', `${name} layer ${i + 1}, ${label}`);
    button.addEventListener('click', () => {
      const next = act();
      const which = ['up', 'down', 'remove'].indexOf(button.dataset['tool'] ?? '');
      const buttons = list.children[next]?.querySelectorAll<HTMLButtonElement>('.tools button');
      // The focus stays with the button that moved the layer; at an end, it goes to the opposite one.
      const found = buttons?.[which]?.disabled ? buttons[1 - which] : buttons?.[which];
      (found ?? select).focus();
    });
    return button;
  }

  function build(): void {
    outputs = [];
    const last = layers.length - 1;
    const rows = layers.map(({ kind }, i) => {
      const { label, settings } = kinds[kind]!;
      const move = (to: number) => () => {
        change(layers.toSpliced(i, 1).toSpliced(to, 0, layers[i]!));
        return to;
      };
      const tools = [
        ['up', '↑', 'Move up', i === 0, move(i - 1)],
        ['down', '↓', 'Move down', i === last, move(i + 1)],
        [
          'remove',
          '×',
          'Remove',
          false,
          () => (change(layers.toSpliced(i, 1)), Math.min(i, last - 1)),
        ],
      ] as const;
      const buttons = tools.map(([key, mark, name, isIdle, act]) => {
        const button = tool(i, mark, name, isIdle, act);
        button.dataset['tool'] = key;
        return button;
      });
      const output = make('output', { id: `layer-${i}` });
      outputs.push(output);
      const fields = settings.map((setting) => field(i, setting));
      return make(
        'li',
        {},
        make('div', { className: 'what' }, make('b', {}, label), ...fields),
        output,
        make('div', { className: 'tools' }, ...buttons),
      );
    });
    list.replaceChildren(...rows);
  }

  build();
  return {
    layers: () => layers,
    checked(found, parameters) {
      // The list has changed since, and another answer is on its way.
      if (found.length > outputs.length) return;
      outputs.forEach((output, i) => {
        const { shape, error } = found[i] ?? {};
        output.value = error ?? (shape ? `→ ${shape.join('×')}` : '');
        output.parentElement!.classList.toggle('wrong', error !== undefined);
      });
      byId('layers-note').textContent =
        parameters === undefined
          ? 'One layer does not fit; see above.'
          : `${count(parameters)} parameters. The last layer gives one score for each digit: 10 units.`;
    },
  };
}
