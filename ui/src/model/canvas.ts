// The lanes in sight and their axis on canvases of the window's size. What a lane looks like stands in
// `paint.ts`, where on the axis it lies in `lanes.ts`.

import type { AccountRow, Lane } from "../api/types";
import { words } from "../words/words";
import { x, type Scale, type Tick } from "./axis";
import { picture, preparedOf, type Item } from "./lanes";
import { paintFocus, paintLane, type Colour, type Palette } from "./paint";

/** How high the axis is. */
export const HEAD_REM = 1.875;

export interface Look {
  colours: Palette;
  /** Pixels of the root's letters. */
  unit: number;
}

/** What of the lanes is in sight. */
export interface Sight {
  accounts: readonly AccountRow[];
  laneOf: ReadonlyMap<string, Lane>;
  axis: Scale;
  /** What is told about, and ringed. */
  told: { id: string; item: Item } | null;
  /** Heights in pixels: of a row, above what is in sight, and of that. */
  row: number;
  top: number;
  high: number;
}

/** Colours of both themes come from the style sheet, resolved by elements that wear them. */
export function readPalette(swatches: Iterable<Element>): Palette {
  const read: Partial<Palette> = {};
  for (const swatch of swatches) {
    read[(swatch as HTMLElement).dataset["of"] as Colour] = getComputedStyle(swatch).color;
  }
  return read as Palette;
}

/** An empty canvas of this size, in the page's own pixels. */
export function sized(
  target: HTMLCanvasElement,
  wide: number,
  high: number,
): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(wide * ratio), Math.round(high * ratio)];
  if (target.width !== w || target.height !== h) {
    target.width = w;
    target.height = h;
    target.style.height = `${high}px`;
  }
  const context = target.getContext("2d") as CanvasRenderingContext2D;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, high);
  return context;
}

export function paintLanes(
  c: CanvasRenderingContext2D,
  { accounts, laneOf, axis, told, row, top, high }: Sight,
  marks: readonly Tick[],
  { colours, unit }: Look,
): void {
  c.lineWidth = 1;
  c.strokeStyle = colours["--grid"];
  c.beginPath();
  for (const tick of marks) {
    c.moveTo(tick.x + 0.5, 0);
    c.lineTo(tick.x + 0.5, high);
  }
  c.stroke();
  const font = `${0.72 * unit}px "Inter Variable", system-ui, sans-serif`;
  const first = Math.floor(top / row);
  const last = Math.min(accounts.length - 1, Math.floor((top + high) / row));
  for (let index = first; index <= last; index += 1) {
    const account = accounts[index];
    const lane = account && laneOf.get(account.id);
    if (!lane) continue;
    const middle = (index + 0.5) * row - top;
    paintLane(c, picture(preparedOf(lane), axis), middle, axis.now, colours, font, unit / 16);
    if (told?.id === account.id && told.item.ring) paintFocus(c, told.item.x, middle, colours);
  }
  c.strokeStyle = colours["--ink"];
  c.lineWidth = 1.2;
  c.beginPath();
  c.moveTo(x(axis, axis.now), 0);
  c.lineTo(x(axis, axis.now), high);
  c.stroke();
}

export function paintAxis(
  c: CanvasRenderingContext2D,
  axis: Scale,
  marks: readonly Tick[],
  { colours, unit }: Look,
): void {
  const middle = HEAD_REM * unit * 0.66;
  c.font = `${0.75 * unit}px "Inter Variable", system-ui, sans-serif`;
  c.textAlign = "center";
  c.fillStyle = colours["--faint"];
  for (const tick of marks) if (tick.label) c.fillText(tick.label, tick.x, middle);
  c.fillStyle = colours["--ink"];
  c.font = `600 ${c.font}`;
  const at = x(axis, axis.now);
  if (at >= 0 && at <= axis.width) c.fillText(words.axis.now, at, middle);
}
