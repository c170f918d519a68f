// A person without a browser: signs in at the test provider's own pages by plain requests. For
// stories that need many sign-ins and no picture; `browser.mjs` is the real thing.
//
//   node person.mjs [--login NAME] URL
//
// Tokentray starts it as its `browser` setting; the URL is appended.

const args = process.argv.slice(2);
const loginAt = args.indexOf('--login');
const login = loginAt < 0 ? 'ada' : args.splice(loginAt, 2)[1];
const start = args.at(-1);

const cookies = new Map();
let form = null;
let url = start;
for (let steps = 0; steps < 20; steps += 1) {
  const response = await fetch(url, {
    method: form ? 'POST' : 'GET',
    body: form ?? undefined,
    redirect: 'manual',
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
  });
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
    cookies.set(name, value);
  }
  form = null;
  const location = response.headers.get('location');
  if (location) {
    url = new URL(location, url).href;
    continue;
  }
  const page = await response.text();
  // Back at the program, whose own page ends it; or (device code) at the provider's last page.
  if (new URL(url).origin !== new URL(start).origin) process.exit(response.ok ? 0 : 1);
  if (page.includes('<title>Sign-in Success</title>')) process.exit(0);
  const [, attributes, inputs] = /<form([^>]*)>(.*?)<\/form>/s.exec(page) ?? [];
  const action = / action="([^"]+)"/.exec(attributes ?? '')?.[1];
  if (!action) {
    console.error(`nothing to fill in at ${url}: ${response.status}`);
    process.exit(1);
  }
  url = new URL(action, url).href;
  form = new URLSearchParams();
  for (const [input] of inputs.matchAll(/<input[^>]*>/g)) {
    const name = / name="([^"]+)"/.exec(input)?.[1];
    const value = / value="([^"]*)"/.exec(input)?.[1];
    const typed = { login, password: 'any password' };
    if (name) form.append(name, typed[name] ?? value ?? '');
  }
}
console.error('too many pages');
process.exit(1);
