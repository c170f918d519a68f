// How smooth the timeline is with a hundred accounts and a quarter of a year: Chromium's trace of
// moving and zooming, cut into frames. Not a test: figures depend on the machine.

import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { openBrowser, openWindow } from "./browser";

interface TraceEvent {
  name: string;
  ph: string;
  ts: number;
  dur?: number;
  /** Of the thread itself: without what other programs took of the processor. */
  tdur?: number;
  pid: number;
  tid: number;
  args?: { name?: string };
}

/** Script, style and layout on the main thread; painting is told apart. */
const WORK = new Set([
  "EventDispatch",
  "FireAnimationFrame",
  "FunctionCall",
  "TimerFire",
  "RunMicrotasks",
  "EvaluateScript",
  "v8.callFunction",
  "MinorGC",
  "MajorGC",
  "Layout",
  "UpdateLayoutTree",
  "RecalculateStyles",
]);
const PAINT = new Set(["PrePaint", "Paint", "Layerize", "UpdateLayer", "Commit"]);
const BUDGET_MS = 8;

/** Milliseconds of work between each two beginnings of a frame, of frames that had any. */
function frames(events: TraceEvent[], names: Set<string>): number[] {
  const main = events.find(
    (one) => one.name === "thread_name" && one.args?.name === "CrRendererMain",
  );
  const ours = events.filter((one) => one.pid === main?.pid && one.tid === main.tid);
  const begins = ours
    .filter((one) => one.name === "BeginMainThreadFrame")
    .map((one) => one.ts)
    .sort((a, b) => a - b);
  const spans = ours
    .filter((one) => one.ph === "X" && names.has(one.name) && one.dur !== undefined)
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const work = begins.map(() => 0);
  let until = 0;
  let frame = 0;
  for (const span of spans) {
    const end = span.ts + (span.dur ?? 0);
    // What lies within another span was counted with it.
    if (span.ts < until) continue;
    while (frame + 1 < begins.length && (begins[frame + 1] ?? Infinity) <= span.ts) frame += 1;
    if (span.ts >= (begins[frame] ?? Infinity))
      work[frame] = (work[frame] ?? 0) + (span.tdur ?? span.dur ?? 0);
    until = end;
  }
  return work.filter((us) => us > 0).map((us) => us / 1000);
}

function told(what: string, all: number[]): string {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const within = (100 * all.filter((ms) => ms < BUDGET_MS).length) / all.length;
  return `${what}: ${all.length} frames, median ${at(0.5).toFixed(2)} ms, 99 % ${at(0.99).toFixed(2)} ms, most ${at(1).toFixed(2)} ms, ${within.toFixed(1)} % under ${BUDGET_MS} ms`;
}

async function traced(page: Page, act: () => Promise<void>): Promise<TraceEvent[]> {
  const path = join(mkdtempSync(join(tmpdir(), "tokentray-bench-")), "trace.json");
  const browser = page.context().browser();
  await browser?.startTracing(page, { path });
  // Chromium's own beginning of a trace holds the page up for some 50 ms.
  await page.waitForTimeout(1000);
  await act();
  await browser?.stopTracing();
  return (JSON.parse(readFileSync(path, "utf8")) as { traceEvents: TraceEvent[] }).traceEvents;
}

it("follows the hand with a hundred lanes", { timeout: 120_000 }, async () => {
  const browser = await openBrowser();
  const { page } = await openWindow(browser, "scene=many");
  await page.waitForFunction(() => performance.getEntriesByName("lanes-painted").length > 0);
  const lines: string[] = [];

  const stage = await page.locator(".stage").boundingBox();
  if (!stage) throw new Error("no lanes");
  const middle = { x: stage.x + stage.width / 2, y: stage.y + 300 };
  const moving = await traced(page, async () => {
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.down();
    for (let step = 0; step < 240; step += 1) {
      await page.mouse.move(middle.x + 200 * Math.sin(step / 20), middle.y);
      await page.waitForTimeout(8);
    }
    await page.mouse.up();
  });
  lines.push(told("moving", frames(moving, WORK)), told("  its painting", frames(moving, PAINT)));

  const zooming = await traced(page, async () => {
    await page.keyboard.down("Control");
    for (let step = 0; step < 240; step += 1) {
      await page.mouse.wheel(0, 24 * Math.sin(step / 30));
      await page.waitForTimeout(8);
    }
    await page.keyboard.up("Control");
  });
  lines.push(
    told("zooming", frames(zooming, WORK)),
    told("  its painting", frames(zooming, PAINT)),
  );

  const hovering = await traced(page, async () => {
    for (let step = 0; step < 160; step += 1) {
      await page.mouse.move(stage.x + 20 + step * 4, stage.y + 30 + step * 3);
      await page.waitForTimeout(8);
    }
  });
  lines.push(told("hovering", frames(hovering, WORK)));
  console.log(lines.join("\n"));
  await browser.close();
  expect(frames(moving, WORK).length).toBeGreaterThan(30);
});
