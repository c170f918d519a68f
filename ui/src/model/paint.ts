// Paints lanes on a canvas. It knows shapes and colours, not what they mean; the same shapes as
// `Mark.svelte` draws in rows. A canvas, because a hundred lanes of marks as elements are laid out
// anew with every step of a zoom.

import type { MarkKind } from "../api/types";
import { words } from "../words/words";
import type { Bar, Picture } from "./lanes";
import { day } from "./time";
import type { Shape, Tone } from "./words";
import { known } from "../words/sentences";

export const COLOURS = [
  "--panel",
  "--grid",
  "--ink",
  "--soft",
  "--faint",
  "--ok",
  "--ok-bar",
  "--ok-past",
  "--wait",
  "--ask",
  "--setup",
  "--focus",
  "--horizon",
] as const;
export type Colour = (typeof COLOURS)[number];
export type Palette = Record<Colour, string>;

export const LOOKS: Record<MarkKind, { shape: Shape; tone: Tone }> = {
  refreshed: { shape: "dot", tone: "calm" },
  waiting: { shape: "diamond", tone: "wait" },
  sign_in: { shape: "triangle", tone: "ask" },
  setup: { shape: "square", tone: "setup" },
  signed_in: { shape: "ringed", tone: "calm" },
  other: { shape: "line", tone: "calm" },
};

/** What only a newer engine tells has a mark all the same. */
const lookOf = (kind: MarkKind) => known(LOOKS, kind) ?? LOOKS.other;

const TONES: Record<Tone, Colour> = {
  calm: "--ok",
  wait: "--wait",
  ask: "--ask",
  setup: "--setup",
};

const BAR_HEIGHT = 16;
/** The sign-in's life lies beneath the token's. */
const HORIZON = { below: 15, height: 3 };
const TURN = Math.PI * 2;

/** One lane, its middle at `y`. */
export function paintLane(
  c: CanvasRenderingContext2D,
  drawn: Picture,
  y: number,
  now: number,
  colours: Palette,
  font: string,
  size: number,
): void {
  const BAR = BAR_HEIGHT * size;
  const paintBar = (bar: Bar, colour: string) => {
    c.fillStyle = colour;
    rounded(c, bar.x, y - BAR / 2, bar.width, BAR, 5);
    c.fill();
    if (bar.assumed) outline(c, colours["--ok"]);
  };
  for (const bar of drawn.past) paintBar(bar, colours["--ok-past"]);
  if (drawn.ahead) paintBar(drawn.ahead, colours["--ok-bar"]);
  for (const span of drawn.incidents) {
    c.globalAlpha = 0.16;
    c.fillStyle = colours["--ask"];
    c.fillRect(span.x, y - BAR / 2, span.width, BAR);
    c.globalAlpha = 1;
    c.fillRect(span.x, y + BAR / 2 - 2, span.width, 2);
  }
  paintHorizon(c, drawn, y, now, colours, font, size);
  c.textAlign = "center";
  for (const stretch of drawn.dense) {
    c.globalAlpha = 0.6;
    c.fillStyle = colours[TONES[lookOf(stretch.kind).tone]];
    rounded(c, stretch.x, y - 2, stretch.width, 4, 2);
    c.fill();
    c.globalAlpha = 1;
    if (stretch.text) {
      c.font = font;
      c.fillStyle = colours["--soft"];
      c.fillText(stretch.text, stretch.x + stretch.width / 2, y - 11 * size);
    }
  }
  for (const mark of drawn.marks) {
    const look = lookOf(mark.kind);
    shape(c, look.shape, colours[TONES[look.tone]], mark.x, y, colours, size);
  }
  if (drawn.planned !== null) {
    shape(c, "planned", colours["--ok"], drawn.planned + 3 * size, y, colours, size);
  }
}

/** Known: solid. Documented: hatched, and labelled "about". */
function paintHorizon(
  c: CanvasRenderingContext2D,
  drawn: Picture,
  y: number,
  now: number,
  colours: Palette,
  font: string,
  size: number,
): void {
  const life = drawn.horizon;
  if (!life) return;
  const top = y + HORIZON.below * size;
  c.fillStyle = colours["--horizon"];
  c.strokeStyle = colours["--horizon"];
  if (life.about) {
    c.lineWidth = 1;
    c.beginPath();
    for (let at = life.x; at + HORIZON.height <= life.x + life.width; at += 5) {
      c.moveTo(at, top + HORIZON.height);
      c.lineTo(at + HORIZON.height, top);
    }
    c.stroke();
  } else {
    c.globalAlpha = 0.75;
    c.fillRect(life.x, top, life.width, HORIZON.height);
    c.globalAlpha = 1;
  }
  if (life.end === null) return;
  c.strokeStyle = colours["--soft"];
  c.lineWidth = 1.5;
  c.setLineDash(life.about ? [2, 3] : []);
  c.beginPath();
  c.moveTo(life.end, y - 12);
  c.lineTo(life.end, top + HORIZON.height);
  c.stroke();
  c.setLineDash([]);
  if (!life.about) return;
  const text = words.axis.aboutLabel(day(life.at, now));
  c.font = font;
  const room = c.measureText(text).width + 8;
  // Behind the end, where nothing else is drawn; before it where the picture ends.
  const behind = life.end + room < c.canvas.width / c.getTransform().a;
  if (!behind && life.end < room) return;
  c.textAlign = behind ? "left" : "right";
  c.fillStyle = colours["--soft"];
  c.fillText(text, life.end + (behind ? 5 : -5), y - 4);
}

function shape(
  c: CanvasRenderingContext2D,
  kind: Shape,
  colour: string,
  atX: number,
  atY: number,
  colours: Palette,
  size: number,
): void {
  if (size !== 1) {
    // Marks grow with the text.
    c.save();
    c.translate(atX, atY);
    c.scale(size, size);
    shape(c, kind, colour, 0, 0, colours, 1);
    c.restore();
    return;
  }
  const [x, y] = [atX, atY];
  c.strokeStyle = colour;
  c.fillStyle = colour;
  switch (kind) {
    case "dot":
      circle(c, x, y, 2.6);
      c.fill();
      break;
    case "ringed":
      circle(c, x, y, 5);
      c.fillStyle = colours["--panel"];
      c.fill();
      c.lineWidth = 1.4;
      c.stroke();
      c.fillStyle = colour;
      circle(c, x, y, 2.6);
      c.fill();
      break;
    case "diamond":
      c.beginPath();
      c.moveTo(x, y - 5);
      c.lineTo(x + 5, y);
      c.lineTo(x, y + 5);
      c.lineTo(x - 5, y);
      c.closePath();
      c.fillStyle = colours["--panel"];
      c.fill();
      c.lineWidth = 1.6;
      c.stroke();
      break;
    case "triangle":
      c.beginPath();
      c.moveTo(x, y - 6.5);
      c.lineTo(x + 7.4, y + 6);
      c.lineTo(x - 7.4, y + 6);
      c.closePath();
      c.fill();
      // A rim, so that several in a row can be counted.
      c.strokeStyle = colours["--panel"];
      c.lineWidth = 1;
      c.stroke();
      break;
    case "square":
      rounded(c, x - 4.5, y - 4.5, 9, 9, 2);
      c.fillStyle = colours["--panel"];
      c.fill();
      c.lineWidth = 1.8;
      c.stroke();
      break;
    case "planned":
      circle(c, x, y, 4);
      c.lineWidth = 1.5;
      c.setLineDash([2, 2]);
      c.stroke();
      c.setLineDash([]);
      break;
    default:
      c.strokeStyle = colours["--faint"];
      c.lineWidth = 1.5;
      c.beginPath();
      c.moveTo(x, y - 4);
      c.lineTo(x, y + 4);
      c.stroke();
  }
}

/** A ring around what is told about now. */
export function paintFocus(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  colours: Palette,
): void {
  c.strokeStyle = colours["--focus"];
  c.lineWidth = 2;
  rounded(c, x - 10, y - 11, 20, 22, 6);
  c.stroke();
}

function outline(c: CanvasRenderingContext2D, colour: string): void {
  c.strokeStyle = colour;
  c.lineWidth = 1;
  c.setLineDash([3, 3]);
  c.stroke();
  c.setLineDash([]);
}

function circle(c: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  c.beginPath();
  c.arc(x, y, radius, 0, TURN);
}

function rounded(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): void {
  c.beginPath();
  c.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
}
