/** The sheet to draw on by mouse, finger, pen or keyboard. */
import { byId, colour, onColours } from './dom.js';
import { inkOf, SIDE, type Stroke } from './ink.js';

/** The side of the canvas, in its own pixels. */
const SIZE = 560;
const LINE = 34;
/** The share of the sheet by which an arrow key moves the pen. */
const STEP = 1 / 40;

const ARROWS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

export interface Pad {
  clear(): void;
  /** Shows a ready-made image instead of a drawing. */
  show(pixels: Uint8Array): void;
}

/** `use` receives 28×28 bytes whenever the drawing changes, and undefined when it is empty. */
export function createPad(use: (pixels: Uint8Array<ArrayBuffer> | undefined) => void): Pad {
  const canvas = byId<HTMLCanvasElement>('pad');
  const context = canvas.getContext('2d')!;
  const hint = byId('pad-hint');
  let strokes: number[][] = [];
  let picture: Uint8Array | undefined;
  let drawing: { pointer: number; stroke: number[] } | undefined;
  let pen = { x: 0.5, y: 0.25, isDown: false, isShown: false };
  let isDue = false;

  function draw(): void {
    context.clearRect(0, 0, SIZE, SIZE);
    context.strokeStyle = context.fillStyle = colour('ink');
    context.lineWidth = LINE;
    context.lineCap = context.lineJoin = 'round';
    if (picture) drawPicture(picture);
    for (const stroke of strokes) drawStroke(stroke);
    if (!pen.isShown) return;
    context.fillStyle = context.strokeStyle = colour('accent');
    context.lineWidth = 4;
    context.beginPath();
    context.arc(pen.x * SIZE, pen.y * SIZE, LINE / 2 + 3, 0, 2 * Math.PI);
    if (pen.isDown) context.fill();
    else context.stroke();
  }

  function drawStroke(stroke: Stroke): void {
    context.beginPath();
    context.moveTo(stroke[0]! * SIZE, stroke[1]! * SIZE);
    for (let i = 0; i < stroke.length; i += 2)
      context.lineTo(stroke[i]! * SIZE, stroke[i + 1]! * SIZE);
    context.stroke();
  }

  function drawPicture(pixels: Uint8Array): void {
    const side = SIZE / SIDE;
    for (let i = 0; i < pixels.length; i++) {
      context.globalAlpha = pixels[i]! / 255;
      context.fillRect((i % SIDE) * side, Math.floor(i / SIDE) * side, side, side);
    }
    context.globalAlpha = 1;
  }

  /** Draws once a frame, however many points came. */
  function changed(): void {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      hint.hidden = strokes.length > 0 || picture !== undefined || pen.isShown;
      draw();
      if (!picture) use(inkOf(strokes));
    });
  }

  function put(stroke: number[], { clientX, clientY }: MouseEvent, box: DOMRect): void {
    stroke.push((clientX - box.left) / box.width, (clientY - box.top) / box.height);
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (drawing || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    picture = undefined;
    pen = { ...pen, isDown: false, isShown: false };
    const stroke: number[] = [];
    put(stroke, event, canvas.getBoundingClientRect());
    strokes.push(stroke);
    drawing = { pointer: event.pointerId, stroke };
    changed();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (drawing?.pointer !== event.pointerId) return;
    const box = canvas.getBoundingClientRect();
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length > 0 ? all : [event]) put(drawing.stroke, each, box);
    changed();
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(end, (event) => {
      if (drawing?.pointer === event.pointerId) drawing = undefined;
    });
  }

  function clear(): void {
    strokes = [];
    picture = undefined;
    drawing = undefined;
    pen = { ...pen, isDown: false };
    changed();
  }

  canvas.addEventListener('keydown', (event) => {
    const arrow = ARROWS[event.key];
    if (event.key === 'Escape') clear();
    else if (event.key === ' ' || event.key === 'Enter') {
      pen.isDown = !pen.isDown;
      if (pen.isDown) {
        picture = undefined;
        strokes.push([pen.x, pen.y]);
      }
    } else if (arrow) {
      const held = (value: number) => Math.min(1, Math.max(0, value));
      pen.x = held(pen.x + arrow[0]);
      pen.y = held(pen.y + arrow[1]);
      if (pen.isDown) strokes.at(-1)!.push(pen.x, pen.y);
    } else return;
    event.preventDefault();
    pen.isShown = true;
    changed();
  });
  canvas.addEventListener('blur', () => {
    pen = { ...pen, isDown: false, isShown: false };
    changed();
  });
  onColours(draw);

  return {
    clear,
    show(pixels) {
      strokes = [];
      picture = pixels;
      hint.hidden = true;
      draw();
    },
  };
}
