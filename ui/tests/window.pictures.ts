// Pictures of every screen in both themes at twice the size, to be looked at: `npm run pictures`.
// They are put into target/pictures, or where PICTURES says.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";
import { AT, SCREENS, openBrowser, openWindow } from "./browser";

const OUT = process.env["PICTURES"] ?? join(import.meta.dirname, "../../target/pictures");

let browser: Browser;
beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  browser = await openBrowser();
});
afterAll(() => browser.close());

for (const colorScheme of ["light", "dark"] as const) {
  it.each(SCREENS)(
    `$name, ${colorScheme}`,
    { timeout: 60_000 },
    async ({ name, query = "", go }) => {
      const options = { colorScheme, deviceScaleFactor: 2 } as const;
      const { page } = await openWindow(browser, `at=${AT}&${query}`, options);
      await go?.(page);
      await page.waitForTimeout(300);
      const file = `${name.replace(/[^a-z]+/gi, "-")}-${colorScheme}.png`;
      await page.screenshot({ path: join(OUT, file) });
      await page.context().close();
    },
  );
}
