// Pictures of every screen to be looked at: `npm run pictures`. In both themes, at once and twice the
// size, and light ones from top to bottom, in the smallest window and with text at 200 %. They are
// put into target/pictures, or where PICTURES says; ONLY takes those whose name holds it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";
import { openBrowser } from "./browser";
import { SCREENS, show } from "./screens";

const OUT = process.env["PICTURES"] ?? join(import.meta.dirname, "../../target/pictures");

let browser: Browser;
beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  browser = await openBrowser();
});
afterAll(() => browser.close());

const SCREENS_ASKED = SCREENS.filter((one) => one.name.includes(process.env["ONLY"] ?? ""));
/** The smallest window that the shell allows. */
const LEAST = { width: 460, height: 400 };

async function take(page: Page, name: string, how: string): Promise<void> {
  // What follows the picture's size settles within a frame or two.
  await page.waitForTimeout(200);
  const file = `${name.replace(/[^a-z0-9]+/gi, "-")}-${how}.png`;
  await page.screenshot({ path: join(OUT, file) });
}

for (const deviceScaleFactor of [1, 2]) {
  it.each(SCREENS_ASKED)(`$name, ${deviceScaleFactor}x`, { timeout: 60_000 }, async (screen) => {
    const { name } = screen;
    const options = { deviceScaleFactor, reducedMotion: "reduce" } as const;
    const { page } = await show(browser, screen, options);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await take(page, name, `${colorScheme}-${deviceScaleFactor}x`);
    }
    if (deviceScaleFactor === 1) {
      await page.emulateMedia({ colorScheme: "light" });
      const usual = page.viewportSize() ?? LEAST;
      const all = await page.evaluate(() => document.querySelector("main")?.scrollHeight ?? 0);
      if (all > usual.height) {
        await page.setViewportSize({ ...usual, height: all });
        await take(page, name, "whole");
        await page.setViewportSize(usual);
      }
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      await take(page, name, "text-200");
      await page.evaluate(() => (document.documentElement.style.fontSize = ""));
      await page.setViewportSize(LEAST);
      await take(page, name, "least");
    }
    await page.context().close();
  });
}
