// What a person does without a mouse, and what a screen reader hears of it.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AT, openBrowser, openWindow } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function open(query = ""): Promise<Page> {
  return (await openWindow(browser, `at=${AT}&${query}`)).page;
}
const heard = (page: Page) => page.locator("body > #app > .unseen[role=status]").allTextContents();
const focused = (page: Page) =>
  page.evaluate(() => (document.activeElement as HTMLElement).innerText.split("\n")[0]);

it("walks the accounts with arrows, steps through a lane, zooms and comes back to now", async () => {
  const page = await open();
  await page.locator("button.who").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await focused(page)).toBe("GitLab (work)");
  await page.keyboard.press("ArrowLeft");
  expect((await heard(page)).join()).toContain("15:12 · Refreshed");
  await page.keyboard.press("ArrowRight");
  expect((await heard(page)).join()).toContain("16:48 · Next refresh, on its own");

  const pressed = () => page.locator(".segments [aria-pressed=true]").innerText();
  expect(await pressed()).toContain("24 h");
  await page.keyboard.press("-");
  expect(await page.locator(".segments [aria-pressed=true]").count()).toBe(0);
  await page.keyboard.press("Shift+ArrowLeft");
  const now = page.getByRole("button", { name: "Back to now" });
  expect(await now.innerText()).toBe("Now →");
  await page.keyboard.press("0");
  expect(await now.count()).toBe(0);
}, 30_000);

it("brings into sight what it tells of a mark, however large the text is", async () => {
  const page = await open();
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await page.locator("button.who").first().focus();
  for (let row = 0; row < 4; row += 1) await page.keyboard.press("ArrowDown");
  // Somebody has scrolled since.
  await page.evaluate(() => document.querySelector("main")?.scrollTo(0, 0));
  await page.keyboard.press("ArrowLeft");
  const beneath = () =>
    page.evaluate(() => {
      const story = document.querySelector(".story")?.getBoundingClientRect();
      return story ? story.bottom - innerHeight : Infinity;
    });
  await expect.poll(beneath).toBeLessThanOrEqual(0);
}, 30_000);

it("opens an account, renames it, removes it and takes that back, without a mouse", async () => {
  const page = await open();
  await page.locator("button.who").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Rename" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Mail");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Mail" }).waitFor();
  await page.getByRole("button", { name: "Remove…" }).focus();
  await page.keyboard.press("Enter");
  // The question has the focus, and Enter answers it.
  expect(await focused(page)).toBe("Remove");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Undo" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("button.who").filter({ hasText: "Mail" }).waitFor();
  expect((await heard(page)).join()).toContain("Mail is back.");
}, 30_000);

it("finds a provider by typing and takes the first with Enter", async () => {
  const page = await open("scene=empty");
  await page.getByRole("button", { name: "Add account" }).first().click();
  await page.getByRole("button", { name: "Microsoft", exact: true }).waitFor();
  await page.keyboard.type("micro");
  await page.keyboard.press("Enter");
  await page.getByText("Entra admin centre").waitFor();
  expect(await page.getByLabel("Scopes").inputValue()).toBe("openid offline_access");
}, 30_000);

it("keeps the focus where work goes on when a view or a question comes and goes", async () => {
  const page = await open();
  const goes = async (button: string, to: string) => {
    await page.getByRole("button", { name: button, exact: true }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => focused(page)).toBe(to);
    await page.keyboard.press("Escape");
  };
  await goes("History", "History");
  await expect.poll(() => focused(page)).toBe("History");
  await goes("Settings", "Settings");
  await expect.poll(() => focused(page)).toBe("Settings");
  await goes("Rename", "");
  await expect.poll(() => focused(page)).toBe("Rename");
  await goes("Remove…", "Remove");
  await expect.poll(() => focused(page)).toBe("Remove…");
  await goes("Edit", "Edit Okta");
  await expect.poll(() => focused(page)).toBe("Okta");

  // What was removed leads to its undoing.
  await goes("Remove…", "Remove");
  await page.getByRole("button", { name: "Remove…" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Undo");
}, 30_000);

it("leads to the sign-in that was begun, and back to the account when it is given up", async () => {
  const page = await open("sign_in=waits");
  await page.getByRole("button", { name: "Sign in again to Okta" }).focus();
  await page.keyboard.press("Enter");
  const there = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  await expect.poll(there).toBe("Signing in to Okta");
  await page.getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Okta");
}, 30_000);

it("leads to the first field that is to be mended", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Add account" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Google", exact: true }).waitFor();
  await page.keyboard.type("goo");
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Add account");
  await page.getByLabel("Name").fill("Mail");
  await page.keyboard.press("Enter");
  const there = () => page.evaluate(() => document.activeElement?.getAttribute("aria-invalid"));
  await expect.poll(there).toBe("true");
  await page.keyboard.type("client");
  expect(await page.getByLabel("Client id").inputValue()).toBe("client");
}, 30_000);

it("lets Escape take back a search or a setting that was typed, and no form", async () => {
  const page = await open();
  await page.getByRole("button", { name: "History", exact: true }).click();
  await page.getByLabel("Text").fill("503");
  await page.keyboard.press("Escape");
  expect(await page.getByLabel("Text").inputValue()).toBe("");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Settings", exact: true }).click();
  await page.getByLabel("Proxy").fill("http://proxy");
  await page.keyboard.press("Escape");
  expect(await page.getByLabel("Proxy").inputValue()).toBe("");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByLabel("Name").fill("Okta (work)");
  await page.keyboard.press("Escape");
  expect(await page.getByLabel("Name").inputValue()).toBe("Okta (work)");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("region", { name: "Okta", exact: true }).waitFor();
}, 30_000);

it("shows addresses that were given beside a provider, so that they can be changed", async () => {
  const page = await open("scene=typed");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const revocation = page.getByLabel("Revocation address, where there is one");
  await revocation.fill("https://id.example.com/revoke");
  await page.getByRole("button", { name: "Another provider" }).click();
  await page.getByRole("button", { name: "Google", exact: true }).click();
  expect(await revocation.count()).toBe(0);
}, 30_000);

it("follows a theme and a language that are set elsewhere", async () => {
  const page = await open();
  // As the command line does: the page only hears an event.
  await page.evaluate(() => {
    const set = (patch: object) =>
      window.dispatchEvent(new CustomEvent("fake:set", { detail: patch }));
    set({ theme: "dark", language: "de" });
  });
  await page.getByRole("button", { name: "Neues Konto" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("de");
}, 30_000);

it("shows the account that the tray was asked for, and throws away nothing that is typed", async () => {
  const page = await open();
  const show = (account: string) =>
    page.evaluate((detail) => void window.dispatchEvent(new CustomEvent("fake:tell", { detail })), {
      type: "show",
      account,
    });
  await page.getByRole("region", { name: "Okta", exact: true }).waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await show("GitLab (work)");
  await page.getByRole("region", { name: "GitLab (work)" }).waitFor();
  await page.getByRole("button", { name: "Add account" }).click();
  await page.getByRole("button", { name: "Google", exact: true }).click();
  await page.getByLabel("Name").fill("Half a name");
  await show("Okta");
  expect(await page.getByLabel("Name").inputValue()).toBe("Half a name");
  await page.getByRole("button", { name: "Back to the timeline" }).click();
  await page.getByRole("region", { name: "Okta", exact: true }).waitFor();
}, 30_000);

it("moves nothing where a person asked for less motion", async () => {
  const { page } = await openWindow(browser, `at=${AT}`, { reducedMotion: "reduce" });
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((element) => {
        const style = getComputedStyle(element);
        return style.transitionDuration !== "0s" || style.animationName !== "none";
      }).length,
  );
  expect(moving).toBe(0);
}, 30_000);
