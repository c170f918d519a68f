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
