// The form for a new or edited account: what it holds, what is wrong with it, what is sent.

import type { AccountPatch, AccountSettings, Discovered, ProviderRow } from "../api/types";
import { words } from "../words/words";
import { browserKey } from "./browsers";

export interface Form {
  name: string;
  /** Key of a provider, or one of the two ways without a preset. */
  provider: string;
  issuer: string;
  authUrl: string;
  tokenUrl: string;
  deviceUrl: string;
  clientId: string;
  clientSecret: string;
  scopes: string;
  flow: "browser" | "device" | "import";
  redirectHost: string;
  redirectPorts: string;
  redirectPath: string;
  loginHint: string;
  revocationUrl: string;
  /** `name=value`, one a line. */
  params: string;
  takeOver: string;
  /** The command that opens its sign-in page, as a text; empty: as the settings say. */
  browser: string;
}

export const BY_ISSUER = "issuer";
export const BY_ENDPOINTS = "endpoints";

export function emptyForm(): Form {
  return {
    name: "",
    provider: "",
    issuer: "",
    authUrl: "",
    tokenUrl: "",
    deviceUrl: "",
    clientId: "",
    clientSecret: "",
    scopes: "",
    flow: "browser",
    redirectHost: "",
    redirectPorts: "",
    redirectPath: "",
    loginHint: "",
    revocationUrl: "",
    params: "",
    takeOver: "",
    browser: "",
  };
}

/** The form after a provider was picked: its name and scopes, unless the person wrote their own. */
export function withProvider(
  form: Form,
  before: ProviderRow | null,
  picked: ProviderRow | null,
): Form {
  const untouchedName = !form.name || form.name === before?.name;
  const untouchedScopes = !form.scopes || form.scopes === before?.scopes.join(" ");
  return {
    ...form,
    name: untouchedName ? (picked?.name ?? "") : form.name,
    scopes: untouchedScopes ? (picked?.scopes.join(" ") ?? "") : form.scopes,
  };
}

/** The provider's row, where a preset is picked. */
export function preset(form: Form, providers: readonly ProviderRow[]): ProviderRow | null {
  return providers.find((row) => row.key === form.provider) ?? null;
}

export type Faults = Partial<Record<keyof Form, string>>;

/** What is wrong, by field. The engine has the last word; this only spares a round trip. */
export function faults(form: Form, taken: readonly string[]): Faults {
  const found: Faults = {};
  const name = form.name.trim();
  if (!name) found.name = words.form.faults.name;
  else if (taken.some((other) => other.toLowerCase() === name.toLowerCase())) {
    found.name = words.form.faults.taken;
  }
  if (!form.provider) found.provider = words.form.faults.provider;
  if (!form.clientId.trim()) found.clientId = words.form.faults.clientId;
  if (form.provider === BY_ISSUER) found.issuer = addressFault(form.issuer, true);
  const alone = form.provider === BY_ENDPOINTS;
  found.tokenUrl = addressFault(form.tokenUrl, alone);
  found.authUrl = addressFault(form.authUrl, alone && form.flow === "browser");
  found.deviceUrl = addressFault(form.deviceUrl, alone && form.flow === "device");
  found.revocationUrl = addressFault(form.revocationUrl, false);
  if (ports(form.redirectPorts) === null) found.redirectPorts = words.form.faults.ports;
  if (parameters(form.params) === null) found.params = words.form.faults.params;
  if (form.redirectPath && !form.redirectPath.startsWith("/"))
    found.redirectPath = words.form.faults.slash;
  for (const key of Object.keys(found) as (keyof Form)[]) if (!found[key]) delete found[key];
  return found;
}

/** Endpoints must be https; plain http only for this computer itself. */
export function addressFault(text: string, required: boolean): string | undefined {
  const trimmed = text.trim();
  if (!trimmed) return required ? words.form.faults.needed : undefined;
  let url: URL;
  try {
    url = new URL(trimmed);
  } catch {
    return words.form.faults.noAddress;
  }
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && loopback)) return undefined;
  return words.form.faults.https;
}

/** Ports as numbers; an empty text is any port; null where it cannot be read. */
export function ports(text: string): number[] | null {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  const numbers = parts.map(Number);
  return numbers.every((n) => Number.isInteger(n) && n > 0 && n < 65536) ? numbers : null;
}

/** Lines of `name=value`; null where one is none. */
export function parameters(text: string): Record<string, string> | null {
  const pairs: Record<string, string> = {};
  for (const line of text.split("\n").map((part) => part.trim())) {
    if (!line) continue;
    const at = line.indexOf("=");
    if (at < 1) return null;
    pairs[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return pairs;
}

export function scopeList(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

/** The body of `POST /v1/accounts`. */
export function settings(form: Form): AccountSettings {
  const issuer = form.provider === BY_ISSUER;
  const endpoints = form.provider === BY_ENDPOINTS;
  return {
    name: form.name.trim(),
    client_id: form.clientId.trim(),
    scopes: scopeList(form.scopes),
    ...(form.flow === "import" ? {} : { flow: form.flow }),
    ...optional("provider", issuer || endpoints ? "" : form.provider),
    ...optional("issuer", issuer ? form.issuer : ""),
    ...optional("auth_url", endpoints ? form.authUrl : ""),
    ...optional("token_url", endpoints ? form.tokenUrl : ""),
    ...optional("device_url", endpoints ? form.deviceUrl : ""),
    ...optional("revocation_url", endpoints ? form.revocationUrl : ""),
    ...(form.params.trim() ? { auth_params: parameters(form.params) ?? {} } : {}),
    ...(form.browser ? { browser: commandOf(form.browser) } : {}),
    ...optional("client_secret", form.clientSecret),
    ...optional("redirect_host", form.redirectHost),
    ...optional("redirect_path", form.redirectPath),
    ...optional("login_hint", form.loginHint),
    ...(form.redirectPorts.trim() ? { redirect_ports: ports(form.redirectPorts) ?? [] } : {}),
  };
}

function commandOf(browser: string): string[] {
  return browser ? (JSON.parse(browser) as string[]) : [];
}

function optional<K extends string>(key: K, value: string): Partial<Record<K, string>> {
  const trimmed = value.trim();
  return (trimmed ? { [key]: trimmed } : {}) as Partial<Record<K, string>>;
}

/** The form of an account that exists; its secret is never sent to the page. */
export function formOf(account: AccountSettings): Form {
  return {
    name: account.name ?? "",
    provider: account.provider ?? (account.issuer ? BY_ISSUER : BY_ENDPOINTS),
    issuer: account.issuer ?? "",
    authUrl: account.auth_url ?? "",
    tokenUrl: account.token_url ?? "",
    deviceUrl: account.device_url ?? "",
    clientId: account.client_id ?? "",
    clientSecret: "",
    scopes: (account.scopes ?? []).join(" "),
    flow: account.flow === "device" ? "device" : "browser",
    redirectHost: account.redirect_host ?? "",
    redirectPorts: (account.redirect_ports ?? []).join(", "),
    redirectPath: account.redirect_path ?? "",
    loginHint: account.login_hint ?? "",
    revocationUrl: account.revocation_url ?? "",
    params: Object.entries(account.auth_params ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
    takeOver: "",
    browser: browserKey(account.browser),
  };
}

/** Only what changed, as the body of `PATCH /v1/accounts/{name}`. */
export function patch(before: Form, after: Form): AccountPatch {
  const changed: AccountPatch = {};
  const set = (key: keyof Form, put: (value: string) => void) => {
    if (before[key].trim() !== after[key].trim()) put(after[key].trim());
  };
  set("name", (value) => (changed.name = value));
  // Another provider brings other addresses: what belonged to the former one goes.
  if (before.provider !== after.provider) {
    const own = after.provider === BY_ISSUER || after.provider === BY_ENDPOINTS;
    changed.provider = own ? "" : after.provider;
    if (after.provider !== BY_ISSUER) changed.issuer = "";
    if (after.provider !== BY_ENDPOINTS) {
      changed.auth_url = changed.token_url = changed.device_url = changed.revocation_url = "";
    }
  }
  set("issuer", (value) => (changed.issuer = value));
  set("authUrl", (value) => (changed.auth_url = value));
  set("tokenUrl", (value) => (changed.token_url = value));
  set("deviceUrl", (value) => (changed.device_url = value));
  set("clientId", (value) => (changed.client_id = value));
  set("clientSecret", (value) => (changed.client_secret = value));
  set("scopes", (value) => (changed.scopes = scopeList(value)));
  if (before.flow !== after.flow && after.flow !== "import") changed.flow = after.flow;
  set("redirectHost", (value) => (changed.redirect_host = value));
  set("redirectPorts", (value) => (changed.redirect_ports = ports(value) ?? []));
  set("redirectPath", (value) => (changed.redirect_path = value));
  set("loginHint", (value) => (changed.login_hint = value));
  set("revocationUrl", (value) => (changed.revocation_url = value));
  set("browser", (value) => (changed.browser = commandOf(value)));
  set("params", (value) => (changed.auth_params = parameters(value) ?? {}));
  return changed;
}

/** What discovery found, as lines to show. */
export function discoveredLines(found: Discovered): { term: string; words: string }[] {
  const w = words.form.found;
  return [
    { term: w.signIn, words: found.authorization_endpoint ?? w.missing },
    { term: w.tokens, words: found.token_endpoint ?? w.missing },
    { term: w.device, words: found.device_authorization_endpoint ?? w.notOffered },
    { term: w.revoking, words: found.revocation_endpoint ?? w.notOffered },
    { term: w.scopes, words: found.scopes_supported.join(", ") || w.notListed },
  ];
}

/** Scopes to begin with where discovery lists what there is. */
export function discoveredScopes(found: Discovered): string {
  const usual = ["openid", "offline_access"];
  return usual.filter((scope) => found.scopes_supported.includes(scope)).join(" ");
}

/** Providers whose name, key or host holds what was typed; those that begin with it first. */
export function matching(rows: readonly ProviderRow[], typed: string): ProviderRow[] {
  const text = typed.trim().toLowerCase();
  if (!text) return [...rows];
  const rank = (row: ProviderRow) => {
    const name = row.name.toLowerCase();
    if (name.startsWith(text)) return 0;
    if (name.includes(text) || row.key.includes(text)) return 1;
    return [row.issuer ?? "", row.docs].some((part) => part.includes(text)) ? 2 : 3;
  };
  return rows
    .map((row) => ({ row, rank: rank(row) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((one) => one.row);
}
