// A panel of the settings stays where it is, whatever grows: what moves under the pointer is missed.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AT, openBrowser, openWindow } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** Where each panel begins, by its heading. */
const places = (page: Page) =>
  page.$$eval(".panel", (panels) =>
    panels.map((panel) => {
      const { left, top } = panel.getBoundingClientRect();
      return [panel.querySelector("h2")?.textContent, left, top];
    }),
  );

it("moves no panel when more is found", async () => {
  const viewport = { width: 960, height: 760 };
  const { page } = await openWindow(browser, `at=${AT}`, { viewport });
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByText("the vault (kind os) can be read").waitFor();
  const before = await places(page);
  expect(new Set(before.map(([, left]) => left)).size).toBe(2);
  await page.$eval(".panel li", (found) => {
    for (let n = 0; n < 40; n++) found.after(found.cloneNode(true));
  });
  expect(await places(page)).toEqual(before);
});
