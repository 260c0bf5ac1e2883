// The sheet on which points are put and taken away: by mouse, finger, pen or keyboard.
import { fromSheet, nearest, toSheet } from './geometry.mjs';
import { paint } from './paint.mjs';

/** The distances between points of a stroke, and within which points are taken away, as shares of the sheet. */
const [SPACING, REACH] = [0.035, 0.03];
/** The share of the sheet by which an arrow key moves the cross. */
const STEP = 1 / 40;

const ARROWS = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/**
 * `state()` gives what is on the sheet and `tool` (a class's name, or undefined to take away). `begin` is called before a
 * change, `change(points)` with each, `end` after it, and `choose(number)` when a digit names a class.
 */
export function createPad(canvas, { state, begin, change, end, choose }) {
  const context = canvas.getContext('2d');
  let stroke;
  let cursor;
  let isDue = false;

  /** Paints once a frame, however much has changed. */
  function repaint() {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      paint(context, { ...state(), cursor });
    });
  }

  function put(place) {
    const { points, view, tool } = state();
    if (tool !== undefined) return change([...points, { ...fromSheet(view, place), name: tool }]);
    const at = nearest(points, view, place, REACH);
    if (at >= 0) change(points.toSpliced(at, 1));
  }

  function follow({ clientX, clientY }) {
    const box = canvas.getBoundingClientRect();
    const place = { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
    if (!(place.x >= 0 && place.x <= 1 && place.y >= 0 && place.y <= 1)) return;
    const far = stroke.last && Math.hypot(place.x - stroke.last.x, place.y - stroke.last.y);
    const isErasing = state().tool === undefined;
    if (far !== undefined && !isErasing && far < SPACING) return;
    stroke.last = place;
    put(place);
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (stroke || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    cursor = undefined;
    stroke = { pointer: event.pointerId };
    begin();
    follow(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (stroke?.pointer !== event.pointerId) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length > 0 ? all : [event]) follow(one);
  });
  for (const name of ['pointerup', 'pointercancel'])
    canvas.addEventListener(name, (event) => {
      if (stroke?.pointer !== event.pointerId) return;
      stroke = undefined;
      end();
    });

  function byKey(act) {
    begin();
    act();
    end();
  }

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    cursor ??= { x: 0.5, y: 0.5 };
    const within = (value) => Math.min(1, Math.max(0, value));
    if (ARROWS[key]) {
      const [dx, dy] = ARROWS[key];
      cursor = { x: within(cursor.x + dx), y: within(cursor.y + dy) };
    } else if (key === ' ' || key === 'Enter') byKey(() => put(cursor));
    else if (key === 'Delete' || key === 'Backspace')
      byKey(() => {
        const { points, view } = state();
        const at = nearest(points, view, cursor, 2);
        if (at < 0) return;
        cursor = toSheet(view, points[at]);
        change(points.toSpliced(at, 1));
      });
    else if (/^[1-9]$/.test(key)) choose(Number(key));
    else return;
    event.preventDefault();
    repaint();
  });
  canvas.addEventListener('blur', () => {
    cursor = undefined;
    repaint();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  return { repaint };
}
