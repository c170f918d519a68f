// A person with a real browser: opens the given URL in headless Chromium, signs in at the test
// provider's own pages, and waits until the browser has come back to the program. Speaks the
// DevTools protocol over a pipe, so nothing else on the machine can steer or find the browser.
//
//   node browser.mjs [--login NAME] [--deny] [--screenshot FILE] URL
//
// Tokentray starts it as its `browser` setting; the URL is appended.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SECONDS = 60;
const args = process.argv.slice(2);
const take = (name) => {
  const at = args.indexOf(name);
  return at < 0 ? null : args.splice(at, 2)[1];
};
const login = take('--login') ?? 'ada';
const screenshot = take('--screenshot');
const denyAt = args.indexOf('--deny');
const deny = denyAt >= 0 && args.splice(denyAt, 1).length > 0;
const url = args.at(-1);

const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'browser-'));
const chromium = spawn(
  process.env.CHROMIUM ?? 'chromium',
  [
    '--headless=new',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    // Chromium refuses its sandbox to root, which is who tests in a container.
    ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    '--no-first-run',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--password-store=basic',
    '--window-size=900,700',
    // Nothing but loopback exists: the provider's pages ask for web fonts.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    'about:blank',
  ],
  { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'] },
);
const [, , , toBrowser, fromBrowser] = chromium.stdio;

function finish(code, message) {
  if (message) console.error(message);
  chromium.kill('SIGKILL');
  chromium.once('exit', () => {
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    process.exit(code);
  });
}
setTimeout(() => finish(1, `not signed in after ${SECONDS} s`), SECONDS * 1000);
chromium.on('error', (error) => finish(1, error.message));
process.on('SIGTERM', () => finish(1, 'ended'));

let lastId = 0;
const pending = new Map();
let rest = '';
fromBrowser.setEncoding('utf8');
fromBrowser.on('data', (data) => {
  const messages = (rest + data).split('\0');
  rest = messages.pop();
  for (const text of messages) {
    const message = JSON.parse(text);
    const call = pending.get(message.id);
    if (!call) continue;
    pending.delete(message.id);
    if (message.error) call.reject(new Error(message.error.message));
    else call.resolve(message.result);
  }
});
function send(method, params = {}, sessionId = undefined) {
  lastId += 1;
  const id = lastId;
  toBrowser.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
}

// Runs in the page: does the next step of a sign-in, says where it is.
function step(name, denies) {
  const find = (selector) => document.querySelector(selector);
  const clickOnce = (element) => {
    if (!element || document.body.dataset.clicked) return;
    document.body.dataset.clicked = 'yes';
    element.click();
  };
  if (document.readyState !== 'complete') return null;
  if (find('input[name=login]')) {
    find('input[name=login]').value = name;
    find('input[name=password]').value = 'any password';
    if (denies) clickOnce(find('a[href$="/abort"]'));
    else clickOnce(find('form button[type=submit]'));
  } else if (find('input[name=prompt][value=consent]')) {
    if (denies) clickOnce(find('a[href$="/abort"]'));
    else clickOnce(find('form button[type=submit]'));
  } else if (find('form[id="op.deviceConfirmForm"]')) {
    clickOnce(find('button[form="op.deviceConfirmForm"][autofocus]'));
  } else if (find('form[id="op.deviceInputForm"]')) {
    clickOnce(find('button[form="op.deviceInputForm"]'));
  }
  return { origin: location.origin, title: document.title, text: document.body.innerText };
}

const { targetInfos } = await send('Target.getTargets');
const page = targetInfos.find((target) => target.type === 'page');
const { sessionId } = await send('Target.attachToTarget', {
  targetId: page.targetId,
  flatten: true,
});
const start = new URL(url).origin;
await send('Page.navigate', { url }, sessionId);
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  let at = null;
  try {
    const expression = `(${step})(${JSON.stringify(login)}, ${deny})`;
    const { result } = await send(
      'Runtime.evaluate',
      { expression, returnByValue: true },
      sessionId,
    );
    at = result.value;
  } catch {
    continue; // The page went away under the question.
  }
  if (!at) continue;
  // Back at the program, or (device code) at the provider's own last page.
  const back = at.origin !== start && at.origin.startsWith('http://');
  const deviceDone = at.title === 'Sign-in Success';
  if (!back && !deviceDone) continue;
  if (screenshot) {
    const { data } = await send('Page.captureScreenshot', {}, sessionId);
    fs.mkdirSync(path.dirname(screenshot), { recursive: true });
    fs.writeFileSync(screenshot, Buffer.from(data, 'base64'));
  }
  console.log(JSON.stringify(at));
  finish(0);
  break;
}
