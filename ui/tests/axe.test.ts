// Every screen of the window under axe-core, in both themes and with text at twice its size.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "./browser";
import { SCREENS, show } from "./screens";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const LOOKS = [
  { look: "light", colorScheme: "light", text: 100 },
  { look: "dark", colorScheme: "dark", text: 100 },
  { look: "dark, text at 200 %", colorScheme: "dark", text: 200 },
  { look: "light, text at 200 %", colorScheme: "light", text: 200 },
] as const;

type Axe = { axe: { run: () => Promise<AxeResults> } };

/** What is wrong with the page as it looks now. */
async function faultsOf(page: Page): Promise<string[]> {
  const found = await page.evaluate(() => (window as unknown as Axe).axe.run());
  const told = found.violations.flatMap((fault) =>
    fault.nodes.map((node) => `${fault.id}: ${node.target.join(" ")} – ${node.failureSummary}`),
  );
  // Nothing runs out of the window sideways: what cannot be seen cannot be read.
  const wide = await page.evaluate(
    () =>
      [document.documentElement, ...document.querySelectorAll("main")]
        .map((box) => box.scrollWidth - box.clientWidth)
        .find((over) => over > 0) ?? 0,
  );
  return wide > 0 ? [...told, `${wide} px too wide`] : told;
}

it.each(SCREENS)("$name", { timeout: 180_000 }, async (screen) => {
  const options = { reducedMotion: "reduce" } as const;
  const { page, faults } = await show(browser, screen, options);
  await page.evaluate(axe);
  const told: string[] = [];
  for (const { look, colorScheme, text } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate((size) => (document.documentElement.style.fontSize = size), `${text}%`);
    told.push(...(await faultsOf(page)).map((fault) => `${look}: ${fault}`));
  }
  expect([...told, ...faults]).toEqual([]);
  await page.context().close();
});
