// Where the labels of outlines stand, so that none covers another. Pure.

/**
 * @typedef {{x: number, y: number, radiusX: number, radiusY: number}} Place  of an outline
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 * @typedef {Box & {isMoved: boolean}} Spot  moved: not beside its outline
 * @typedef {import('./geometry.js').Size} Size
 */

export const LINE = 15; // CSS pixels that a label is high
export const FAR = 14; // lines that a label may stand above or below its outline's middle
const LINES = 2 * FAR + 1; // no more than an integer has bits
const ALL = (1 << LINES) - 1;
/** From the best on. */
const ORDER = Array.from({ length: LINES }, (_, i) => FAR + (i % 2 ? -(i + 1) / 2 : i / 2));
const TOUCHING = 0.01; // CSS pixels that are no overlap
const LETTER = 7;
const WIDE_LETTER = 12;
const APART = 4; // from one label to the next on its line
const IS_WIDE = /[\u2e80-\uffef]/g;

/** The room that a text takes at 12 px. @param {string} text */
export function widthOf(text) {
  const wide = text.match(IS_WIDE)?.length ?? 0;
  return wide * WIDE_LETTER + (text.length - wide) * LETTER + APART;
}

/**
 * A place for each label: beside its outline, else some lines above or below. It neither leaves
 * the stage nor covers a label before it, and no outline if that can be; where no room is left, it
 * stands beside its outline all the same.
 * @param {Place[]} marks the first choose first @param {number[]} widths of their labels
 * @param {number[]} gaps to the outlines @param {Size} stage @returns {Spot[]}
 */
export function placeLabels(marks, widths, gaps, stage) {
  const outlines = marks.map(({ x, y, radiusX, radiusY }) => {
    return { left: x - radiusX, top: y - radiusY, width: 2 * radiusX, height: 2 * radiusY };
  });
  /** @type {Spot[]} */
  const taken = [];
  marks.forEach((mark, i) => {
    const columns = columnsOf(mark, widths[i], gaps[i]);
    const first = mark.y - LINE / 2 - FAR * LINE;
    const shut = columns.map(({ left, lines }) => lines | blocked(taken, left, widths[i], first) | outside(left, widths[i], first, stage));
    const crossed = columns.map(({ left }, column) => shut[column] | blocked(outlines, left, widths[i], first));
    const { column, line } = best(crossed) ?? best(shut) ?? { column: columns[0].left + widths[i] > stage.width ? 1 : 0, line: FAR };
    const { left } = columns[column];
    taken.push({ left, top: first + line * LINE, width: widths[i], height: LINE, isMoved: line !== FAR });
  });
  return taken;
}

/**
 * Where a label may begin: at the right, at the left, and over or under the outline; with the lines
 * that the outline itself shuts, a bit each. @param {Place} mark @param {number} width @param {number} gap
 */
function columnsOf({ x, radiusX, radiusY }, width, gap) {
  const near = Math.min(Math.ceil((radiusY + gap) / LINE + 0.5) - 1, FAR);
  return [
    { left: x + radiusX + gap, lines: 0 },
    { left: x - radiusX - gap - width, lines: 0 },
    { left: x - width / 2, lines: bits(FAR - near, FAR + near) },
  ];
}

/** The bits from one to another, both within; none outside of all lines. @param {number} from @param {number} to */
function bits(from, to) {
  const [low, high] = [Math.max(from, 0), Math.min(to, LINES - 1)];
  return low > high ? 0 : ((1 << (high - low + 1)) - 1) << low;
}

/** Which lines of a column boxes stand in. @param {Box[]} boxes @param {number} left @param {number} width @param {number} first where the first line begins */
function blocked(boxes, left, width, first) {
  let lines = 0;
  for (const box of boxes) {
    if (box.left >= left + width || left >= box.left + box.width) continue;
    const from = Math.floor((box.top + TOUCHING - first) / LINE);
    lines |= bits(from, Math.ceil((box.top + box.height - TOUCHING - first) / LINE) - 1);
  }
  return lines;
}

/** Which lines of a column leave the stage. @param {number} left @param {number} width @param {number} first @param {Size} stage */
function outside(left, width, first, stage) {
  if (left < 0 || left + width > stage.width) return ALL;
  const [from, to] = [Math.ceil(-first / LINE), Math.floor((stage.height - first) / LINE) - 1];
  return ALL & ~bits(from, to);
}

/** The best line that is not shut in its column, or null. @param {number[]} shut */
function best(shut) {
  for (const line of ORDER) {
    const column = shut.findIndex((lines) => !(lines & (1 << line)));
    if (column >= 0) return { column, line };
  }
  return null;
}

/** The line from an outline to its label that was moved. @param {Place} mark @param {Spot} spot */
export function leader({ x, y, radiusX, radiusY }, { left, top, width, height }) {
  const to = { x: Math.min(Math.max(x, left), left + width), y: top + height / 2 < y ? top + height : top };
  const [dx, dy] = [to.x - x, to.y - y];
  const share = Math.min(1, 1 / Math.max(Math.hypot(dx / Math.max(radiusX, 1), dy / Math.max(radiusY, 1)), 1e-9));
  return { x1: x + dx * share, y1: y + dy * share, x2: to.x, y2: to.y };
}
