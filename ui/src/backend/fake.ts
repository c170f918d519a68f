// An invented engine for a browser, for pictures and for work on the window. `?scene=` picks what it
// tells: `day` (default), `well`, `empty`, `demo`, `locked`, `many`, `long`, `crowd`, `states` (one
// account in each), `newer` (an engine that says what this window does not know), `lost` (nothing
// answers), `typed` (addresses given beside an issuer). `sign_in=failed` or `waits`: no sign-in works,
// or none ends; `unlock=waits`: nobody answers the keychain. `?at=` stops its clock.

import type {
  AccountRow,
  Finding,
  HistoryRow,
  Lane,
  PracticeSwitches,
  Said,
  SettingsRow,
  SignInRow,
  Stats,
  Status,
  Timeline,
} from "../api/types";
import { Refused, type Backend, type Happening, type Method, type ShellInfo } from "./backend";
import { BROWSERS, PROVIDERS, stories, type Story } from "./fake_data";
import { many, manyEntries } from "./fake_many";
import { crowd, eachState, locked, longNames, newer } from "./fake_odd";
import type { Asked } from "./fake_worker";
import { account, entry, overall } from "./fake_world";
import { isGoing } from "../model/world";

const FINDINGS: Finding[] = [
  {
    level: "ok",
    about: "vault",
    found: "the vault (kind os) can be read",
    said: { code: "vault_readable", params: { kind: "os" } },
  },
  {
    level: "problem",
    about: "clock",
    found: "This computer's clock is 4 min ahead of what providers say.",
    mend: "set this computer's date and time",
    said: { code: "clock_off", params: { seconds: "240" } },
  },
];

const ODD: Finding[] = [
  {
    level: "note",
    about: "Okta",
    found: "you signed in 3 times within 7 days",
    mend: "tokentray history Okta --since 7d",
    said: { code: "odd_sign_ins", params: { times: "3" } },
  },
];

export function fakeBackend(search: string): Backend {
  const options = new URLSearchParams(search);
  const scene = options.get("scene") ?? "day";
  const world = new Invented(scene, Date.parse(options.get("at") ?? "") || Date.now(), options);
  window.addEventListener("fake:set", (event) => world.set((event as CustomEvent).detail));
  window.addEventListener("fake:tell", (event) => world.tell((event as CustomEvent).detail));
  let info: ShellInfo = { role: "whole", tray: true, start_at_login: false, version: "0.1.0" };
  return {
    async request<T>(method: Method, path: string, body?: unknown): Promise<T> {
      await rest(30);
      if (scene === "lost") throw new Error("nothing answers");
      if (path === "/v1/vault/unlock" && options.get("unlock") === "waits") {
        return new Promise<T>(() => undefined);
      }
      if (scene === "many" && path.startsWith("/v1/timeline")) {
        return (await world.longTimeline(path)) as T;
      }
      return world.answer(method, path, (body ?? {}) as Record<string, unknown>) as T;
    },
    listen: (listener) => world.listen(listener),
    shell: () => Promise.resolve(info),
    setStartAtLogin: (on) => Promise.resolve((info = { ...info, start_at_login: on })),
    copyToken: () => Promise.resolve(),
    importFromClipboard: () => Promise.resolve(),
    exportHistory: (_, format) =>
      Promise.resolve(`/home/ada/Downloads/tokentray-history-2026-11-21.${format}`),
    copyText: () => Promise.resolve(),
    openSignIn: () => Promise.resolve(),
    startDemo: () => Promise.resolve(),
    closeWindow: () => Promise.resolve(),
    quit: () => Promise.resolve(),
  };
}

class Invented {
  private accounts: AccountRow[];
  private lanes: Lane[];
  private made: HistoryRow[] | null = null;
  /** Runs before it is asked, as the engine does. */
  private readonly worker: Worker | null;
  private answering: Promise<unknown> = Promise.resolve();
  private readonly told: Story[];
  private removed: { row: AccountRow; lane: Lane } | null = null;
  private readonly signIns = new Map<string, SignInRow>();
  private readonly listeners = new Set<(happening: Happening) => void>();
  private switches: PracticeSwitches = {};
  private readonly refuses: boolean;
  private readonly waits: boolean;
  private paused = false;
  private settings: SettingsRow = {
    notifications: true,
    notify_ahead_s: 600,
    history_days: 90,
    log_level: "info",
    theme: "system",
    language: "system",
    vault: "os",
    config_file: "~/.config/tokentray/config.toml",
    state_folder: "~/.local/state/tokentray",
  };

  constructor(
    private readonly scene: string,
    private readonly start: number,
    options: URLSearchParams,
  ) {
    const told = (this.told = storiesOf(scene, start));
    this.worker =
      scene === "many"
        ? new Worker(new URL("./fake_worker.ts", import.meta.url), { type: "module" })
        : null;
    this.refuses = options.get("sign_in") === "failed";
    this.waits = options.get("sign_in") === "waits";
    if (options.get("lang")) this.settings.language = options.get("lang") ?? "system";
    if (options.get("theme")) this.settings.theme = options.get("theme") ?? "system";
    this.accounts = told.map((story) => story.row);
    this.lanes = told.map((story) => story.lane);
  }

  private get entries(): HistoryRow[] {
    const told = () =>
      this.told
        .flatMap((story) => story.history)
        .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    return (this.made ??= this.scene === "many" ? manyEntries(this.start) : told());
  }

  /** As if settings were changed by the command line. */
  set(patch: Partial<SettingsRow>): void {
    this.settings = { ...this.settings, ...patch };
    this.tell({ type: "settings", settings: this.settings });
  }

  listen(listener: (happening: Happening) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  answer(method: Method, path: string, body: Record<string, unknown>): unknown {
    const [route = "", query = ""] = path.split("?");
    const parts = route.split("/").slice(2).map(decodeURIComponent);
    const [what, name = "", rest = ""] = parts;
    const search = new URLSearchParams(query);
    switch (what) {
      case "status":
        return this.status();
      case "timeline":
        return this.timeline(search);
      case "history":
        return this.history(search);
      case "providers":
        return PROVIDERS;
      case "browsers":
        return BROWSERS;
      case "doctor":
        return this.scene === "empty" ? FINDINGS : [...FINDINGS, ...ODD];
      case "stats":
        return this.stats();
      case "discover":
        if (String(body["issuer"]).includes("nowhere")) {
          throw refused("INVALID_REQUEST", 400, "The issuer id.nowhere.example answered 404.", {
            code: "issuer_status",
            params: { host: "id.nowhere.example", status: "404" },
          });
        }
        return {
          issuer: body["issuer"],
          authorization_endpoint: `${String(body["issuer"])}/authorize`,
          token_endpoint: `${String(body["issuer"])}/token`,
          scopes_supported: ["openid", "offline_access"],
          token_endpoint_auth_methods: [],
          iss_in_response: true,
        };
      case "settings":
        if (method === "PATCH") {
          const proxy = body["proxy"];
          if (typeof proxy === "string" && !proxy.includes("://")) {
            const fault = "proxy: must be a URL with http, https, socks5 or socks5h";
            throw refused("INVALID_REQUEST", 400, `config.toml:1:9: ${fault}`);
          }
          this.settings = { ...this.settings, ...body };
          this.tell({ type: "settings", settings: this.settings });
        }
        return this.settings;
      case "practice":
        this.switches = { ...this.switches, ...body, revoke: false };
        return this.switches;
      case "pause":
      case "resume":
        this.paused = what === "pause";
        this.tellOverall();
        return null;
      case "vault":
        if (name === "move") {
          if (body["to"] === "file") {
            throw refused("INVALID_REQUEST", 400, "The vault was not moved; everything stayed.", {
              code: "vault_not_moved",
            });
          }
          this.settings = { ...this.settings, vault: String(body["to"]) };
        }
        if (name === "unlock") {
          for (const { row } of storiesOf("day", this.start)) this.put(row);
          this.tellOverall();
        }
        return null;
      case "incidents":
        this.change(
          (row) => row.incident?.id === name,
          (row) => ({ ...row, incident: row.incident && { ...row.incident, later: true } }),
        );
        return null;
      case "sign-ins":
        return this.signIn(method, name);
      case "accounts":
        return name ? this.account(method, name, rest, body) : this.add(body);
      default:
        throw refused("NOT_FOUND", 404, `There is no ${route}.`);
    }
  }

  private account(
    method: Method,
    name: string,
    rest: string,
    body: Record<string, unknown>,
  ): unknown {
    const index = this.accounts.findIndex((row) => row.name === name);
    if (rest === "restore" && this.removed) {
      this.accounts.push(this.removed.row);
      this.lanes.push(this.removed.lane);
      this.tell({ type: "account", row: this.removed.row });
      return this.removed.row;
    }
    const row = this.accounts[index];
    if (!row) throw refused("NOT_FOUND", 404, `There is no account “${name}”.`);
    if (!rest && method === "DELETE") {
      const lane = this.lanes.splice(index, 1)[0];
      this.accounts.splice(index, 1);
      if (lane) this.removed = { row, lane };
      this.tell({ type: "removed", id: row.id, name });
      return null;
    }
    if (!rest && method === "GET") {
      const { provider, scopes } = row;
      const typed = { issuer: "https://id.example.com", token_url: "https://id.example.com/token" };
      const found = this.scene === "typed" ? typed : { provider };
      return { name, client_id: "0oa1b2c3", scopes, ...found };
    }
    if (!rest && method === "PATCH") {
      return this.put({ ...row, name: String(body["name"] ?? row.name) });
    }
    switch (rest) {
      case "refresh": {
        const next = this.put({
          ...row,
          state: "ok",
          cause: null,
          token_valid: true,
          expires_at: this.at(1),
          next_refresh_at: this.at(0.8),
          generation: row.generation + 1,
        });
        this.happened(
          entry({
            at: this.at(0),
            account: name,
            trigger: "person",
            message: "Refreshed by hand.",
          }),
        );
        return next;
      }
      case "pause":
        return this.put({ ...row, state: "paused" });
      case "resume":
        return this.put({ ...row, state: "ok" });
      case "sign-out":
        return this.put({
          ...row,
          state: "signed_out",
          token_valid: false,
          expires_at: null,
          incident: null,
        });
      case "sign-in":
        return this.startSignIn(row, body["device"] === true);
      default:
        throw refused("NOT_FOUND", 404, "There is no such route.");
    }
  }

  private add(body: Record<string, unknown>): AccountRow {
    const name = String(body["name"]);
    const row = account({
      name,
      state: "signed_out",
      token_valid: false,
      scopes: (body["scopes"] as string[]) ?? [],
    });
    this.lanes.push({
      account_id: name,
      name,
      bars: [],
      marks: [],
      incidents: [],
      sign_in_about: false,
    });
    return this.put(row);
  }

  private startSignIn(row: AccountRow, device: boolean): SignInRow {
    for (const going of this.signIns.values()) {
      if (isGoing(going)) this.follow({ ...going, phase: "cancelled", url: null });
    }
    const signIn: SignInRow = {
      id: `sign-in-${this.signIns.size + 1}`,
      account: row.name,
      ends_at: this.at(1 / 6),
      device_possible: true,
      phase: device ? "waiting_for_code" : "waiting_for_browser",
      ...(device
        ? {
            user_code: "WDJB-MJHT",
            verification_url: "https://id.example.com/device",
            verification_url_complete: "https://id.example.com/device?user_code=WDJB-MJHT",
          }
        : { url: "https://id.example.com/authorize?client_id=0oa1b2c3" }),
    };
    this.follow(signIn);
    this.put({ ...row, sign_in: signIn.id });
    if (this.waits) return signIn;
    setTimeout(
      () => {
        if (this.signIns.get(signIn.id)?.phase === "cancelled") return;
        if (this.refuses) {
          this.follow({
            ...signIn,
            phase: "failed",
            url: null,
            message:
              "The sign-in was declined: somebody chose not to allow it, or a rule of the provider forbids it. (access_denied)",
            said: { code: "provider_refused", params: { code: "access_denied", text: "" } },
          });
          this.put({ ...row, sign_in: null });
          return;
        }
        this.follow({ ...signIn, phase: "signed_in" });
        this.put({
          ...row,
          state: "ok",
          cause: null,
          incident: null,
          token_valid: true,
          sign_in: null,
          expires_at: this.at(1),
          next_refresh_at: this.at(0.8),
        });
        this.happened(
          entry({ at: this.at(0), account: row.name, kind: "signed_in", message: "Signed in." }),
        );
        this.tellOverall();
      },
      this.refuses ? 50 : 6000,
    );
    return signIn;
  }

  private signIn(method: Method, id: string): SignInRow {
    const row = this.signIns.get(id);
    if (!row) throw refused("NOT_FOUND", 404, "This sign-in is over.");
    if (method === "DELETE") {
      this.change(
        (candidate) => candidate.sign_in === id,
        (candidate) => ({ ...candidate, sign_in: null }),
      );
      return this.follow({ ...row, phase: "cancelled", url: null });
    }
    return row;
  }

  private status(): Status {
    const locked = this.accounts.find((row) => row.state === "vault_locked");
    return {
      ...overall(this.accounts, headline(this.accounts)),
      paused: this.paused,
      demo: this.scene === "demo",
      vault: { kind: "os", unsaved: 0, cause: locked?.cause ?? null },
    };
  }

  private stats(): Stats {
    const row = (times: number) => ({
      refreshed: 168 * times,
      failed: 4 * times,
      signed_in: times,
      handed_out: 1204 * times,
    });
    const of = (times: number) =>
      Object.fromEntries(this.accounts.map((account) => [account.name, row(times)]));
    return { days_7: of(1), days_30: of(4) };
  }

  private timeline(search: URLSearchParams): Timeline {
    return {
      now: this.at(0),
      from: search.get("from") ?? this.at(-15),
      to: search.get("to") ?? this.at(9),
      lanes: this.lanes,
    };
  }

  /** Made beside the page and read from text, as the real one is; one question after the other. */
  async longTimeline(path: string): Promise<Timeline> {
    const { worker, lanes, start } = this;
    const search = path.split("?")[1] ?? "";
    const answer = this.answering.then(
      () =>
        new Promise<string>((resolve) => {
          if (!worker) return resolve("[]");
          worker.onmessage = (event: MessageEvent<string>) => resolve(event.data);
          worker.postMessage({ lanes, now: start, search } satisfies Asked);
        }),
    );
    this.answering = answer;
    const head = this.timeline(new URLSearchParams(search));
    return { ...head, lanes: JSON.parse(await answer) as Lane[] };
  }

  private history(search: URLSearchParams): unknown {
    const kinds = search.get("kind")?.split(",");
    const since = Date.parse(search.get("since") ?? "") || 0;
    const text = search.get("text")?.toLowerCase();
    const found = this.entries.filter(
      (one) =>
        (!search.get("account") || one.account === search.get("account")) &&
        (!kinds || kinds.includes(one.kind)) &&
        (!search.get("cause") || one.cause === search.get("cause")) &&
        Date.parse(one.at) >= since &&
        (!text || one.message.toLowerCase().includes(text)),
    );
    const limit = Number(search.get("limit") ?? 50);
    const from = Number(search.get("cursor") ?? 0);
    return {
      entries: found.slice(from, from + limit),
      next: from + limit < found.length ? from + limit : null,
    };
  }

  private at(hours: number): string {
    return new Date(this.start + hours * 3_600_000).toISOString();
  }

  private put(row: AccountRow): AccountRow {
    const index = this.accounts.findIndex((candidate) => candidate.id === row.id);
    if (index < 0) this.accounts.push(row);
    else this.accounts[index] = row;
    this.tell({ type: "account", row });
    return row;
  }

  private change(which: (row: AccountRow) => boolean, how: (row: AccountRow) => AccountRow): void {
    for (const row of this.accounts.filter(which)) this.put(how(row));
  }

  private follow(row: SignInRow): SignInRow {
    this.signIns.set(row.id, row);
    this.tell({ type: "sign_in", row });
    return row;
  }

  private happened(one: HistoryRow): void {
    this.entries.unshift(one);
    this.tell({ type: "history", entry: one });
  }

  private tellOverall(): void {
    const { accounts: _, version: __, pid: ___, demo: ____, ...status } = this.status();
    this.tell({ type: "overall", status });
  }

  tell(event: Happening): void {
    for (const listener of this.listeners) listener(event);
  }
}

function storiesOf(scene: string, start: number): Story[] {
  switch (scene) {
    case "empty":
      return [];
    case "many":
      return many(start);
    case "long":
      return longNames(stories(start, scene));
    case "crowd":
      return crowd(stories(start, scene));
    case "states":
      return eachState(stories(start, scene), start);
    case "newer":
      return newer(stories(start, scene));
    case "locked":
      return locked(stories(start, scene));
    default:
      return stories(start, scene);
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** As the engine's own. */
function headline(rows: AccountRow[]): string {
  const names = (...states: string[]) =>
    rows.filter((row) => states.includes(row.state)).map((row) => row.name);
  const need = names("sign_in_needed");
  const setup = names("fix_setup");
  const waits = names("waiting", "unclear", "expired");
  const vault = names("vault_locked");
  const troubled = need.length + setup.length + waits.length + vault.length;
  const tail = (some: string[]) =>
    rows.length > troubled && some.length === troubled ? " Everything else is well." : "";
  const list = (some: string[]) =>
    some.length > 4
      ? `${some.slice(0, 3).join(", ")} and ${some.length - 3} more`
      : some.join(", ");
  if (!rows.length) return "No account yet. Add one to begin.";
  if (need.length === 1) return `${list(need)} needs you.${tail(need)}`;
  if (need.length) return `${need.length} need you: ${list(need)}.${tail(need)}`;
  if (vault.length) return "The keychain is locked. Unlock it to go on.";
  if (setup.length) return `The setup of ${list(setup)} wants a look.${tail(setup)}`;
  if (waits.length === 1)
    return `Nothing to do. ${waits[0]} is waiting for its provider.${tail(waits)}`;
  if (waits.length)
    return `Nothing to do. ${waits.length} accounts are waiting: ${list(waits)}.${tail(waits)}`;
  return "Nothing to do. Everything is well.";
}

function refused(
  code: "NOT_FOUND" | "INVALID_REQUEST",
  status: number,
  detail: string,
  said?: Said,
): Refused {
  const type = `urn:tokentray:${code}`;
  return new Refused({ type, title: "not found", status, code, detail, ...(said && { said }) });
}
