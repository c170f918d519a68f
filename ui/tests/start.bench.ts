// How long the window takes from its address to the paint that shows the lanes of a hundred accounts,
// cold: a browser of its own for each run. In Chromium, and under Xvfb in the WebKit that the desktop
// program shows it with. Not a test: figures depend on the machine.

import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { existsSync } from "node:fs";
import { setTimeout as rest } from "node:timers/promises";
import { expect, it } from "vitest";
import { openBrowser, serveWindow } from "./browser";

const RUNS = Number(process.env["RUNS"] ?? 9);
const SETTLED_MS = 1000;
const MINI = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
const PAINTED = "performance.getEntriesByName('lanes-painted')[0]?.startTime ?? null";

function told(where: string, all: number[]): string {
  const sorted = [...all].sort((a, b) => a - b).map((ms) => ms.toFixed(0));
  const middle = sorted[Math.floor(sorted.length / 2)];
  return `first paint of a hundred lanes in ${where}: middle ${middle} ms of ${sorted.join(", ")}`;
}

it("paints a hundred lanes in Chromium", { timeout: 300_000 }, async () => {
  const served = await serveWindow();
  const all: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const browser = await openBrowser();
    const page = await browser.newPage({ viewport: { width: 1120, height: 860 } });
    // Its own start keeps the processors busy for a while, and is no part of the window's.
    await page.waitForTimeout(SETTLED_MS);
    await page.goto(`${served.origin}/?scene=many`);
    const painted = await page.waitForFunction(PAINTED);
    all.push(Number(await painted.jsonValue()));
    await browser.close();
  }
  served.close();
  console.log(told("Chromium", all));
  expect(all).toHaveLength(RUNS);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One question to the driver; its own refusals are thrown. */
async function asked(driver: string, method: string, path: string, body?: object) {
  const answer = await fetch(`${driver}${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const { value } = (await answer.json()) as { value: unknown };
  if (!answer.ok) throw new Error(JSON.stringify(value));
  return value;
}

async function painted(driver: string, address: string): Promise<number> {
  const options = { "webkitgtk:browserOptions": { binary: MINI, args: ["--automation"] } };
  const session = (await asked(driver, "POST", "/session", {
    capabilities: { alwaysMatch: options },
  })) as { sessionId: string };
  const path = `/session/${session.sessionId}`;
  await asked(driver, "POST", `${path}/url`, { url: address });
  const script = { script: `return ${PAINTED}`, args: [] };
  let at: unknown = null;
  while (at === null) {
    await rest(100);
    at = await asked(driver, "POST", `${path}/execute/sync`, script);
  }
  await asked(driver, "DELETE", path);
  return Number(at);
}

it.runIf(existsSync(MINI))("paints a hundred lanes in WebKit", { timeout: 300_000 }, async () => {
  const served = await serveWindow();
  const port = await freePort();
  const driver: ChildProcess = spawn(
    "dbus-run-session",
    ["--", "xvfb-run", "-a", "WebKitWebDriver", `--port=${port}`],
    {
      stdio: "ignore",
      detached: true,
      env: { ...process.env, NO_AT_BRIDGE: "1", WEBKIT_DISABLE_DMABUF_RENDERER: "1" },
    },
  );
  const at = `http://127.0.0.1:${port}`;
  try {
    for (let ready = false; !ready; await rest(100)) {
      ready = await fetch(`${at}/status`).then(
        (answer) => answer.ok,
        () => false,
      );
    }
    const all: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      all.push(await painted(at, `${served.origin}/?scene=many`));
    }
    console.log(told("WebKit", all));
    expect(all).toHaveLength(RUNS);
  } finally {
    if (driver.pid) process.kill(-driver.pid);
    served.close();
  }
});
