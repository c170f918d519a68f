// What was done is told at the window's foot for ten seconds: it hides nothing that can be pressed,
// and moves nothing under the pointer.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AT, openBrowser, openWindow } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const SIZES = [
  { width: 460, height: 400, text: 100 },
  { width: 460, height: 400, text: 200 },
  { width: 900, height: 620, text: 100 },
  { width: 900, height: 620, text: 200 },
];

/** What a person presses last, and what then makes the note. */
const NOTES = [
  { told: "with undo", go: ["Remove…"], press: "Remove" },
  { told: "without undo", go: ["Settings"], press: "Notify" },
];

async function prepared(size: (typeof SIZES)[number], go: string[]): Promise<Page> {
  const { page } = await openWindow(browser, `at=${AT}`, { viewport: size });
  await page.evaluate((text) => (document.documentElement.style.fontSize = `${text}%`), size.text);
  await page.getByRole("button", { name: "Remove…" }).waitFor();
  for (const name of go) await page.getByRole("button", { name, exact: true }).click();
  if (go.includes("Settings")) await page.getByText("the vault (kind os) can be read").waitFor();
  return page;
}

/**
 * Presses, and looks at the page in the very moment in which the note stands there: a slow machine
 * has no ten seconds.
 */
function pressed(page: Page, press: string): Promise<{ covered: string[]; hidden: string[] }> {
  return page.evaluate(async (name) => {
    const main = document.querySelector("main") as HTMLElement;
    const all = [...document.querySelectorAll<HTMLElement>("button, label")];
    const button = all.find((one) => one.innerText.trim().startsWith(name));
    const note = new Promise<HTMLElement>((resolve) => {
      const look = () => {
        const found = document.querySelector<HTMLElement>(".noting");
        if (found) resolve(found);
        return found;
      };
      new MutationObserver((_, watch) => look() && watch.disconnect()).observe(document.body, {
        childList: true,
        subtree: true,
      });
    });
    button?.click();
    const lies = (await note).getBoundingClientRect();
    const reached = [
      ...main.querySelectorAll<HTMLElement>("button, input, select, textarea, summary, a[href]"),
    ].filter((one) => one.getClientRects().length && getComputedStyle(one).visibility !== "hidden");
    const called = (one: HTMLElement) => (one.innerText || one.ariaLabel || one.outerHTML).trim();
    // What is scrolled out of `main` is cut off there.
    const covered = reached.filter((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      const cut = main.getBoundingClientRect();
      return (
        Math.max(top, cut.top) < Math.min(bottom, cut.bottom, lies.bottom) - 0.5 &&
        Math.min(bottom, cut.bottom) > lies.top + 0.5
      );
    });
    // Led to as keyboard and WebDriver lead there, its middle is what a pointer would press.
    const hidden = reached.flatMap((one) => {
      one.scrollIntoView({ block: "nearest" });
      const { left, top, width, height } = one.getBoundingClientRect();
      const there = document.elementFromPoint(left + width / 2, top + height / 2);
      const whole = top + height <= lies.top + 0.5;
      if (whole && there && main.contains(there)) return [];
      return [`${called(one)} (${left},${top} ${width}x${height}) behind ${there?.outerHTML}`];
    });
    return {
      covered: covered.map(called),
      hidden: reached.length < 10 ? ["all"] : hidden,
    };
  }, press);
}

describe.each(SIZES)("in $width × $height with text at $text %", (size) => {
  it.each(NOTES)("a note $told lies over nothing that can be pressed", async ({ go, press }) => {
    const page = await prepared(size, go);
    expect(await pressed(page, press)).toEqual({ covered: [], hidden: [] });
    await page.context().close();
  });
});

it("a note moves nothing where a person has scrolled to the end", async () => {
  const page = await prepared({ width: 900, height: 620, text: 100 }, ["Settings"]);
  const places = await page.evaluate(async () => {
    const main = document.querySelector("main") as HTMLElement;
    const title = document.querySelector("h2.title") as HTMLElement;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    main.scrollTop = main.scrollHeight;
    const seen = [title.getBoundingClientRect().top];
    const labels = [...document.querySelectorAll<HTMLElement>("label.switch")];
    const notify = labels.find((one) => one.innerText.trim().startsWith("Notify"));
    notify?.querySelector("input")?.click();
    while (!document.querySelector(".noting")) await frame();
    await frame();
    seen.push(title.getBoundingClientRect().top);
    main.scrollTop = main.scrollHeight;
    seen.push(title.getBoundingClientRect().top);
    document.querySelector<HTMLElement>('[aria-label="Close"]')?.click();
    while (document.querySelector(".noting")) await frame();
    await frame();
    seen.push(title.getBoundingClientRect().top);
    return seen;
  });
  expect(places[0]).toBeLessThan(0);
  expect(places).toEqual(places.map(() => places[0]));
  await page.context().close();
});

it("scrolls by keys before anything has the focus", async () => {
  const { page } = await openWindow(browser, `at=${AT}`, { viewport: { width: 460, height: 400 } });
  const top = () => page.evaluate(() => document.querySelector("main")?.scrollTop);
  expect(await top()).toBe(0);
  await page.keyboard.press("PageDown");
  await expect.poll(top).toBeGreaterThan(0);
  await page.context().close();
});
