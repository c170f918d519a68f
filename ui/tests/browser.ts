// The built window with its invented backend in the Chromium of this system: served from memory, so
// that no port is taken and nothing outside is asked.

import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { build } from "vite";

const ORIGIN = "http://window.test";
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".woff2": "font/woff2",
};
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path));

/** What every test of the window looks at: a fixed Saturday afternoon. */
export const AT = "2026-11-21T15:00:00Z";

const ROOT = join(import.meta.dirname, "..");
const FOLDER = join(ROOT, "dist-fake");

export async function buildWindow(): Promise<void> {
  await build({ root: ROOT, mode: "fake", logLevel: "error" });
}

export async function openBrowser(): Promise<Browser> {
  if (!CHROMIUM) throw new Error("no Chromium in /usr/bin: install the package chromium");
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

/** What the built window holds at an address, or nothing. */
function fileOf(url: string): { body: Buffer; contentType: string } | null {
  const path = normalize(new URL(url, ORIGIN).pathname);
  const file = join(FOLDER, path === "/" ? "index.html" : path);
  if (!existsSync(file) || !statSync(file).isFile()) return null;
  const contentType = TYPES[extname(file)] ?? "application/octet-stream";
  return { body: readFileSync(file), contentType };
}

/** The built window on a port of its own, for whoever measures: a route through the test is slow. */
export async function serveWindow(): Promise<{ origin: string; close: () => void }> {
  const server = createServer((request, response) => {
    const found = fileOf(request.url ?? "/");
    if (!found) return void response.writeHead(204).end();
    response.writeHead(200, { "content-type": found.contentType }).end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** A page of the built window; a fault in its console is a fault of the test. */
export async function openWindow(
  browser: Browser,
  query: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({
    viewport: { width: 1120, height: 860 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    ...options,
  });
  const faults: string[] = [];
  await context.route("**/*", (route) => {
    const found = fileOf(route.request().url());
    return route.fulfill(found ?? { status: 204 });
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto(`${ORIGIN}/?${query}`);
  await page.waitForSelector("h1");
  await page.evaluate(() => document.fonts.ready);
  return { page, faults };
}

/** Every screen and state of the window, by name: the scene, and how a person gets there. */
export interface Screen {
  name: string;
  query?: string;
  go?: (page: Page) => Promise<void>;
}

const press = (name: string | RegExp) => async (page: Page) => {
  await page
    .getByRole("button", { name, exact: typeof name === "string" })
    .first()
    .click();
};
const lane = (name: RegExp) => async (page: Page) => {
  await page.locator("button.who").filter({ hasText: name }).click();
};

/** What the page hears from its surroundings. */
const told = (happening: object) => (page: Page) =>
  page.evaluate(
    (detail) => void window.dispatchEvent(new CustomEvent("fake:tell", { detail })),
    happening,
  );

export const SCREENS: readonly Screen[] = [
  { name: "day" },
  { name: "well", query: "scene=well" },
  { name: "first start", query: "scene=empty" },
  { name: "first start in German", query: "scene=empty&lang=de" },
  { name: "long names", query: "scene=long", go: lane(/gitlab/) },
  { name: "long names in German", query: "scene=long&lang=de", go: lane(/Donau/) },
  { name: "five need a person", query: "scene=crowd" },
  {
    name: "nothing answers",
    query: "scene=lost",
    go: (page) => page.getByRole("heading", { level: 1, name: /not running/ }).waitFor(),
  },
  {
    name: "the engine went away",
    go: async (page) => {
      await lane(/Google/)(page);
      await told({ type: "connection", up: false })(page);
      await page.getByRole("heading", { level: 1, name: /not running/ }).waitFor();
    },
  },
  {
    name: "closed where no tray is",
    go: async (page) => {
      await lane(/Google/)(page);
      await told({ type: "closing" })(page);
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "everything paused",
    query: "scene=well",
    go: async (page) => {
      await press("Settings")(page);
      await page.getByLabel(/Pause everything/).check();
      await press("Back to the timeline")(page);
      await page.getByRole("heading", { name: "Everything is paused." }).waitFor();
    },
  },
  {
    name: "keys explained",
    go: (page) => page.getByText("Keys and mouse").click(),
  },
  {
    name: "history of one account",
    go: async (page) => {
      await lane(/Microsoft/)(page);
      await press("More of its history")(page);
      await page.getByLabel("Kind").selectOption({ index: 1 });
      await page.getByText("That is all").waitFor();
    },
  },
  {
    name: "history, exported",
    go: async (page) => {
      await press("History")(page);
      await press("Export CSV")(page);
      await page
        .getByText(/tokentray-history/)
        .first()
        .waitFor();
    },
  },
  {
    name: "settings with a fault",
    go: async (page) => {
      await press("Settings")(page);
      await page.getByLabel("Proxy").fill("nonsense");
      await page.keyboard.press("Enter");
      await page.getByText(/must be a URL/).waitFor();
    },
  },
  { name: "keychain locked", query: "scene=locked" },
  { name: "practice provider", query: "scene=demo" },
  {
    name: "waiting account",
    go: async (page) => {
      await lane(/Microsoft/)(page);
      await page.locator(".trouble summary").first().click();
    },
  },
  { name: "setup account", go: lane(/Atlassian/) },
  {
    name: "story of a mark",
    go: async (page) => {
      await page
        .locator("button.who")
        .filter({ hasText: /GitLab/ })
        .focus();
      await page.keyboard.press("ArrowLeft");
      await page.locator(".story").waitFor();
    },
  },
  {
    name: "rename",
    go: async (page) => {
      await lane(/Google/)(page);
      await press("Rename")(page);
    },
  },
  {
    name: "remove",
    go: async (page) => {
      await lane(/Google/)(page);
      await press("Remove…")(page);
    },
  },
  {
    name: "removed, with undo",
    go: async (page) => {
      await lane(/Google/)(page);
      await press("Remove…")(page);
      await press("Remove")(page);
      await page.getByText("Google was removed.").first().waitFor();
    },
  },
  {
    name: "history",
    go: async (page) => {
      await press("History")(page);
      await page.getByText("What does this mean?").first().click();
    },
  },
  {
    name: "history without a hit",
    go: async (page) => {
      await press("History")(page);
      await page.getByLabel("Text").fill("nothing like this");
      await page.getByText("Nothing happened").waitFor();
    },
  },
  {
    name: "settings",
    go: async (page) => {
      await press("Settings")(page);
      await page.getByLabel("Proxy").fill("http://proxy.example:3128");
      await page.getByText("the vault (kind os) can be read").waitFor();
    },
  },
  {
    name: "settings in German",
    query: "lang=de",
    go: async (page) => {
      await press("Einstellungen")(page);
      await page.getByText("lesbar, im Schlüsselbund des Systems").waitFor();
    },
  },
  { name: "day in German", query: "lang=de" },
  {
    name: "provider picker",
    go: async (page) => {
      await press("Add account")(page);
      await page.getByRole("button", { name: "Google", exact: true }).waitFor();
    },
  },
  {
    name: "account of a known provider",
    go: async (page) => {
      await press("Add account")(page);
      await page.getByRole("button", { name: "Google", exact: true }).waitFor();
      await page.getByLabel("Find your provider").fill("goo");
      await page.keyboard.press("Enter");
      await press("Add and sign in")(page);
      await page.getByText("Paste the client id.").waitFor();
    },
  },
  {
    name: "account of a known provider in German",
    query: "lang=de",
    go: async (page) => {
      await press("Neues Konto")(page);
      await press("Google")(page);
      await page.getByText("Ein OAuth-Client vom Typ").waitFor();
      await page.getByText("Was bekannt ist").click();
    },
  },
  {
    name: "account by issuer",
    go: async (page) => {
      await press("Add account")(page);
      await press(/By issuer/)(page);
      await page.getByLabel("Issuer").fill("https://id.example.com");
      await press("Look it up")(page);
      await page.getByText("Found").waitFor();
      await page.getByText("Where the provider demands more").click();
    },
  },
  {
    name: "account by endpoints, imported",
    go: async (page) => {
      await press("Add account")(page);
      await press(/By endpoints/)(page);
      await page.getByLabel(/import a sign-in/).check();
    },
  },
  {
    name: "edit",
    go: async (page) => {
      await lane(/GitLab/)(page);
      await press("Edit")(page);
      await page.getByText("The present sign-in stays").waitFor();
    },
  },
  {
    name: "signing in",
    query: "sign_in=waits",
    go: async (page) => {
      await press(/^Sign in again/)(page);
      await page.getByText("Waiting for your browser…").waitFor();
    },
  },
  {
    name: "signing in with a code",
    query: "sign_in=waits",
    go: async (page) => {
      await press(/^Sign in again/)(page);
      await press("Use another device")(page);
      await page.getByText("WDJB-MJHT").waitFor();
    },
  },
  { name: "sign-in refused", query: "sign_in=failed", go: press(/^Sign in again/) },
  {
    name: "sign-in refused in German",
    query: "sign_in=failed&lang=de",
    go: async (page) => {
      await press(/^Erneut anmelden/)(page);
      await page.getByText("Die Anmeldung wurde abgelehnt").first().waitFor();
    },
  },
  { name: "a hundred accounts", query: "scene=many" },
];
