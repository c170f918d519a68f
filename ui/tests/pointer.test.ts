// What a person does with a mouse on the timeline.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AT, openBrowser, openWindow } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

async function boxOf(page: Page, selector: string): Promise<Box> {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not to be seen`);
  return box;
}

/** What the lanes look like. */
const picture = (page: Page) =>
  page.evaluate(() => document.querySelector<HTMLCanvasElement>(".stage canvas")?.toDataURL());

it("zooms over the axis, pans by dragging and comes back to now", { timeout: 60_000 }, async () => {
  const { page } = await openWindow(browser, `at=${AT}`);
  const chosen = page.locator(".segments [aria-pressed=true]");
  expect(await chosen.innerText()).toContain("24 h");
  const before = await picture(page);
  const axis = await boxOf(page, "canvas.head");
  await page.mouse.move(axis.x + axis.width / 2, axis.y + axis.height / 2);
  await page.mouse.wheel(0, -300);
  await expect.poll(() => chosen.count()).toBe(0);
  await expect.poll(() => picture(page)).not.toBe(before);
  await page.getByRole("button", { name: "24 h" }).click();
  expect(await chosen.innerText()).toContain("24 h");

  // Over the lanes a wheel belongs to the page, but not with Ctrl.
  const stage = await boxOf(page, ".stage");
  const [x, y] = [stage.x + stage.width / 2, stage.y + stage.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -300);
  expect(await chosen.innerText()).toContain("24 h");
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  await expect.poll(() => chosen.count()).toBe(0);
  await page.getByRole("button", { name: "24 h" }).click();

  const now = page.getByRole("button", { name: "Back to now" });
  const selected = await page.locator("li.lane.selected").innerText();
  const drag = async (by: number) => {
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + by, y, { steps: 5 });
    await page.mouse.up();
  };
  await drag(200);
  await expect.poll(() => now.innerText()).toBe("Now →");
  await drag(-400);
  await expect.poll(() => now.innerText()).toBe("← Now");
  // A hand that moved chose nothing.
  expect(await page.locator("li.lane.selected").innerText()).toBe(selected);
  await now.click();
  await expect.poll(() => now.count()).toBe(0);
});

it(
  "tells the story of what the mouse is at, and opens the account",
  { timeout: 60_000 },
  async () => {
    const { page } = await openWindow(browser, `at=${AT}`);
    const stage = await boxOf(page, ".stage");
    const story = page.locator(".stage .story");
    const lane = page.locator("li.lane").filter({ hasText: "GitLab" });
    const row = await lane.boundingBox();
    if (!row) throw new Error("no lane");
    const y = row.y + row.height / 2;
    const told: string[] = [];
    for (let x = stage.x + 4; x < stage.x + stage.width; x += 12) {
      await page.mouse.move(x, y);
      if (await story.count()) told.push(await story.innerText());
    }
    expect(told.join("\n")).toContain("Refreshed");
    expect(told.join("\n")).toContain("Next refresh, on its own");
    await page.mouse.move(stage.x + stage.width / 2, stage.y - 60);
    await expect.poll(() => story.count()).toBe(0);

    await page.mouse.click(stage.x + stage.width - 20, y);
    await expect.poll(() => lane.getAttribute("class")).toContain("selected");
    await page.getByRole("region", { name: "GitLab (work)" }).waitFor();
  },
);
