// Every screen and state of the window, in the order in which a person meets them: what axe looks at
// and pictures are taken of.

import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { AT, openWindow } from "./browser";

/** A screen by name: the scene, and how a person gets there. */
export interface Screen {
  name: string;
  query?: string;
  go?: (page: Page) => Promise<void>;
}

/** From this on a timer ends what somebody may not have looked at yet. */
const PASSES_MS = 5000;

/** Shows a screen, and lets nothing on it pass with time: a slow machine looks at the same. */
export async function show(
  browser: Browser,
  { query = "", go }: Screen,
  options: BrowserContextOptions,
): Promise<{ page: Page; faults: string[] }> {
  const opened = await openWindow(browser, `at=${AT}&${query}`, options);
  await opened.page.evaluate((passes) => {
    const later = window.setTimeout.bind(window);
    const still = (then: () => void, ms = 0) => (ms < passes ? later(then, ms) : 0);
    window.setTimeout = still as typeof window.setTimeout;
  }, PASSES_MS);
  await go?.(opened.page);
  return opened;
}

type Step = (page: Page) => Promise<unknown>;

/** One step after the other. */
const all =
  (...steps: Step[]) =>
  async (page: Page) => {
    for (const step of steps) await step(page);
  };
const press = (name: string | RegExp) => (page: Page) =>
  page
    .getByRole("button", { name, exact: typeof name === "string" })
    .first()
    .click();
const lane = (name: RegExp) => (page: Page) =>
  page.locator("button.who").filter({ hasText: name }).click();
/** Of the account that is open from the start. */
const details = (name: string) => (page: Page) => page.getByRole("region", { name }).waitFor();
const sees = (text: string | RegExp) => (page: Page) => page.getByText(text).first().waitFor();
const fill = (label: string, text: string) => (page: Page) => page.getByLabel(label).fill(text);
const choose = (label: string, value: string) => (page: Page) =>
  page.getByLabel(label).selectOption(value);
const unfold = (text: string | RegExp) => (page: Page) => page.getByText(text).first().click();
const key =
  (...names: string[]) =>
  async (page: Page) => {
    for (const name of names) await page.keyboard.press(name);
  };
const onLane = (name: RegExp) => (page: Page) =>
  page.locator("button.who").filter({ hasText: name }).focus();

/** What the page hears from its surroundings. */
const told = (happening: object) => (page: Page) =>
  page.evaluate(
    (detail) => void window.dispatchEvent(new CustomEvent("fake:tell", { detail })),
    happening,
  );

/** A setting that was changed elsewhere. */
const set = (patch: object) => (page: Page) =>
  page.evaluate(
    (detail) => void window.dispatchEvent(new CustomEvent("fake:set", { detail })),
    patch,
  );

/** The sign-in that was begun goes on to this. */
const signIn = (row: object) =>
  told({
    type: "sign_in",
    row: {
      id: "sign-in-1",
      account: "Okta",
      ends_at: "2026-11-21T15:10:00Z",
      device_possible: true,
      ...row,
    },
  });
const signingIn = all(press(/^Sign in again/), sees("Waiting for your browser…"));
const adding = all(press("Add account"), (page) =>
  page.getByRole("button", { name: "Google", exact: true }).waitFor(),
);
const settings = all(press("Settings"), sees("the vault (kind os) can be read"));

const FIRST: Screen[] = [
  { name: "first start", query: "scene=empty" },
  { name: "first start in German", query: "scene=empty&lang=de" },
  {
    name: "import at first start",
    query: "scene=empty",
    go: all(press("Import a sign-in"), (page) =>
      page.getByRole("button", { name: "Google", exact: true }).waitFor(),
    ),
  },
  { name: "practice provider", query: "scene=demo" },
  { name: "practice provider in German", query: "scene=demo&lang=de" },
  { name: "provider picker", go: adding },
  {
    name: "provider picker in German",
    query: "lang=de",
    go: all(press("Neues Konto"), sees("OpenID Connect;")),
  },
  {
    name: "provider picker without a hit",
    go: all(adding, fill("Find your provider", "nowhere"), sees(/^None/)),
  },
  {
    name: "account of a known provider",
    go: all(
      adding,
      fill("Find your provider", "goo"),
      key("Enter"),
      press("Add and sign in"),
      sees("Paste the client id."),
    ),
  },
  {
    name: "account of a known provider in German",
    query: "lang=de",
    go: all(
      press("Neues Konto"),
      press("Google"),
      sees("Ein OAuth-Client vom Typ"),
      unfold("Was bekannt ist"),
    ),
  },
  {
    name: "account by issuer",
    go: all(
      adding,
      press(/By issuer/),
      fill("Issuer", "https://id.example.com"),
      press("Look it up"),
      sees("Found"),
      unfold("Where the provider demands more"),
    ),
  },
  {
    name: "account by an issuer that is none",
    go: all(
      adding,
      press(/By issuer/),
      fill("Issuer", "https://id.nowhere.example"),
      press("Look it up"),
      sees(/answered 404/),
    ),
  },
  {
    name: "account by endpoints, imported",
    go: all(adding, press(/By endpoints/), (page) => page.getByLabel(/import a sign-in/).check()),
  },
];

const TIMELINE: Screen[] = [
  { name: "day" },
  { name: "day in German", query: "lang=de" },
  { name: "well", query: "scene=well" },
  { name: "long names", query: "scene=long", go: lane(/gitlab/) },
  { name: "long names in German", query: "scene=long&lang=de", go: lane(/Donau/) },
  { name: "five need a person", query: "scene=crowd" },
  { name: "a hundred accounts", query: "scene=many" },
  { name: "an hour", go: press("1 hour") },
  { name: "ninety days", go: press("90 days") },
  { name: "away from now", go: all(onLane(/GitLab/), key("Shift+ArrowLeft"), sees("Now →")) },
  { name: "story of a mark", go: all(onLane(/GitLab/), key("ArrowLeft")) },
  { name: "keys explained", go: unfold("Keys and mouse") },
  {
    name: "everything paused",
    query: "scene=well",
    go: all(
      press("Settings"),
      (page) => page.getByLabel(/Pause everything/).check(),
      press("Back to the timeline"),
      sees("Everything is paused."),
    ),
  },
];

const ACCOUNTS: Screen[] = [
  {
    name: "waiting account",
    go: all(lane(/Microsoft/), (page) => page.locator(".trouble summary").first().click()),
  },
  { name: "setup account", go: lane(/Atlassian/) },
  { name: "each state", query: "scene=states", go: details("Unclear") },
  { name: "each state in German", query: "scene=states&lang=de", go: details("Unclear") },
  { name: "account over", query: "scene=states", go: lane(/Expired/) },
  { name: "account in a locked keychain", query: "scene=states", go: lane(/Locked/) },
  { name: "account without refresh token", query: "scene=states", go: lane(/No refresh/) },
  { name: "paused account", query: "scene=states", go: lane(/Paused/) },
  { name: "signed out account", query: "scene=states", go: lane(/Signed out/) },
  {
    name: "asked later",
    go: all(press(/^Later/), (page) => page.locator("section.ask").waitFor({ state: "detached" })),
  },
  { name: "token copied", go: all(lane(/Google/), press("Copy token"), sees(/clipboard/)) },
  { name: "rename", go: all(lane(/Google/), press("Rename")) },
  { name: "edit", go: all(lane(/GitLab/), press("Edit"), sees("The present sign-in stays")) },
  { name: "remove", go: all(lane(/Google/), press("Remove…")) },
  {
    name: "remove in German",
    query: "lang=de",
    go: all(lane(/Google/), press("Entfernen …"), sees("Auch bei Google widerrufen")),
  },
  {
    name: "removed, with undo",
    go: all(lane(/Google/), press("Remove…"), press("Remove"), sees("Google was removed.")),
  },
  {
    name: "removed and brought back",
    go: all(
      lane(/Google/),
      press("Remove…"),
      press("Remove"),
      press("Undo"),
      sees("Google is back."),
    ),
  },
];

const HISTORY: Screen[] = [
  { name: "history", go: all(press("History"), unfold("What does this mean?")) },
  { name: "history in German", query: "lang=de", go: all(press("Verlauf"), sees("Heute")) },
  {
    name: "history of one account",
    go: all(
      lane(/Microsoft/),
      press("More of its history"),
      (page) => page.getByLabel("Kind").selectOption({ index: 1 }),
      sees("That is all"),
    ),
  },
  {
    name: "history, exported",
    go: all(press("History"), press("Export CSV"), sees(/history-2026/)),
  },
  {
    name: "history without a hit",
    go: all(press("History"), fill("Text", "nothing like this"), sees("Nothing happened")),
  },
];

const SETTINGS: Screen[] = [
  { name: "settings", go: all(settings, fill("Proxy", "http://proxy.example:3128")) },
  {
    name: "settings in German",
    query: "lang=de",
    go: all(press("Einstellungen"), sees("lesbar, im Schlüsselbund des Systems")),
  },
  {
    name: "settings with a fault",
    go: all(settings, fill("Proxy", "nonsense"), key("Enter"), sees(/must be a URL/)),
  },
  {
    name: "settings saved",
    go: all(settings, (page) => page.getByLabel(/Notify —/).uncheck(), sees("Saved.")),
  },
  {
    name: "moving the vault",
    go: all(settings, choose("Grants are kept in", "sealed"), sees(/^Move every grant/)),
  },
  {
    name: "vault moved",
    go: all(
      settings,
      choose("Grants are kept in", "sealed"),
      press("Move"),
      sees("Everything was moved."),
    ),
  },
  {
    name: "vault not moved",
    go: all(
      settings,
      choose("Grants are kept in", "file"),
      press("Move"),
      sees("The vault was not moved"),
    ),
  },
];

const SIGN_INS: Screen[] = [
  {
    name: "sign-in begins",
    query: "sign_in=waits",
    go: all(signingIn, signIn({ phase: "starting" })),
  },
  { name: "signing in", query: "sign_in=waits", go: signingIn },
  {
    name: "signing in with a code",
    query: "sign_in=waits",
    go: all(signingIn, press("Use another device"), sees("WDJB-MJHT")),
  },
  {
    name: "signing in with a code in German",
    query: "sign_in=waits&lang=de",
    go: all(press(/^Erneut anmelden/), press("Anderes Gerät benutzen"), sees("WDJB-MJHT")),
  },
  {
    name: "sign-in comes back",
    query: "sign_in=waits",
    go: all(signingIn, signIn({ phase: "finishing" })),
  },
  {
    name: "signed in",
    query: "sign_in=waits",
    go: all(signingIn, signIn({ phase: "signed_in" })),
  },
  {
    name: "signed in with a warning",
    query: "sign_in=waits",
    go: all(
      signingIn,
      signIn({
        phase: "signed_in",
        warning: "The provider gave no refresh token: you sign in again whenever the token ends.",
        said: { code: "no_refresh_token_came" },
      }),
    ),
  },
  {
    name: "sign-in refused",
    query: "sign_in=failed",
    go: all(press(/^Sign in again/), sees(/was declined/)),
  },
  {
    name: "sign-in refused in German",
    query: "sign_in=failed&lang=de",
    go: all(press(/^Erneut anmelden/), sees("Die Anmeldung wurde abgelehnt")),
  },
  {
    name: "sign-in cancelled elsewhere",
    query: "sign_in=waits",
    go: all(signingIn, signIn({ phase: "cancelled" })),
  },
];

const WRONG: Screen[] = [
  { name: "keychain locked", query: "scene=locked" },
  { name: "keychain locked in German", query: "scene=locked&lang=de", go: sees("Entsperren") },
  {
    name: "keychain locked meanwhile",
    go: all(
      lane(/Google/),
      told({
        type: "overall",
        status: { vault: { kind: "os", unsaved: 0, cause: "vault_locked" } },
      }),
      sees(/Your keychain is locked/),
    ),
  },
  {
    name: "keychain being unlocked",
    query: "scene=locked&unlock=waits",
    go: all(press("Unlock"), sees("Unlocking…")),
  },
  { name: "nothing answers", query: "scene=lost", go: sees(/is not running/) },
  {
    name: "nothing answers in German",
    query: "scene=lost",
    // The engine that would say the language does not answer.
    go: all(set({ language: "de" }), sees(/läuft nicht/)),
  },
  {
    name: "the engine went away",
    go: all(lane(/Google/), told({ type: "connection", up: false }), sees(/is not running/)),
  },
  { name: "a newer engine", query: "scene=newer", go: details("Okta") },
  { name: "a newer engine in German", query: "scene=newer&lang=de", go: details("Okta") },
  {
    name: "closed where no tray is",
    go: all(lane(/Google/), told({ type: "closing" }), (page) => page.getByRole("alert").waitFor()),
  },
];

export const SCREENS: readonly Screen[] = [
  ...FIRST,
  ...TIMELINE,
  ...ACCOUNTS,
  ...HISTORY,
  ...SETTINGS,
  ...SIGN_INS,
  ...WRONG,
];
