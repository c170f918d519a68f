// The window's state: holds the world, asks the backend, and tells time. Rules live in the plain
// modules beside it; this file only connects them.

import type {
  AccountRow,
  HistoryAnswer,
  Finding,
  HistoryRow,
  Lane,
  SettingsRow,
  SignInRow,
  Stats,
  Status,
  Timeline,
} from "../api/types";
import {
  accountPath,
  inWords,
  type Backend,
  type Happening,
  type ShellInfo,
} from "../backend/backend";
import { speak, languageOf, words, type Language } from "../words/words";
import { RANGES, frameOf, reading, serves, type Frame, type Reading } from "./axis";
import { EngineClock } from "./clock";
import { historyPath, ALL } from "./history";
import { instant, nextTick } from "./time";
import {
  EMPTY,
  announcement,
  apply,
  isGoing,
  rowsOf,
  visibleSignIn,
  type Stale,
  type World,
} from "./world";

export type View = "timeline" | "history" | "settings" | "add" | "import" | "edit";

/** Events come in bursts; what they make stale is read once per burst. */
const SETTLE_MS = 150;
/** The timeline is read anew at least this often, since its lines move on. */
const TIMELINE_MS = 60_000;
/** In the demo also to learn how fast its clock runs. */
const DEMO_TIMELINE_MS = 2_000;
/** No word changes more often than this. */
const TICK_MS = 1000;
const SIGNED_IN_MS = 6_000;
const UNDO_MS = 10_000;
/** The narrowest lanes that still tell: how often the lines are moved on. */
const LANE_WIDTH = 640;
const DETAIL_ENTRIES = 40;
/** Zooming and moving come in bursts, too. */
const REFRAME_MS = 120;
/** What the doctor finds unusual changes slowly, and it asks keychain and desktop to find it. */
const FINDINGS_MS = 60_000;
const SHORTEST_MS = 3_600_000;
const SHORTEST_DEMO_MS = 5 * 60_000;

export interface Note {
  text: string;
  undo?: () => void;
}

export class WindowState {
  world: World = $state.raw(EMPTY);
  lanes: Lane[] = $state.raw([]);
  now: number = $state(0);
  view: View = $state("timeline");
  frame: Frame = $state.raw(frameOf(24 * SHORTEST_MS));
  language: Language = $state("en");
  stats: Stats | null = $state.raw(null);
  findings: Finding[] = $state.raw([]);
  /** The account that the history view begins with; empty for all. */
  historyOf: string = $state("");
  /** Id of the selected account. */
  selected: string | null = $state(null);
  story: HistoryRow[] = $state.raw([]);
  /** Which programs were given its tokens, newest first: refreshes would soon hide that. */
  uses: HistoryRow[] = $state.raw([]);
  /** Grows with every new entry, so that the history view reads anew. */
  entries: number = $state(0);
  settings: SettingsRow | null = $state.raw(null);
  shell: ShellInfo | null = $state.raw(null);
  note: Note | null = $state.raw(null);
  said: string = $state("");
  busy: string | null = $state(null);
  wantedSignIn: string | null = $state(null);
  /** An account that is to be shown once it is known. */
  private wantedAccount: string | null = null;
  /** The window is being closed, and the person learns that all goes on. */
  closing: boolean = $state(false);

  /** How many times as fast as life the engine's clock runs. */
  rate: number = $state(1);
  /** Why the engine does not answer, in words. */
  reason: string = $state("");
  /** Since when it does not answer. */
  lostAt: number = $state(0);

  private readonly clock = new EngineClock();
  private stale: Stale = { status: false, timeline: false, history: false };
  private settling: ReturnType<typeof setTimeout> | undefined;
  private ticking: ReturnType<typeof setTimeout> | undefined;
  private noting: ReturnType<typeof setTimeout> | undefined;
  private timelineReadAt = 0;
  private read: Reading | null = null;
  private reframing: ReturnType<typeof setTimeout> | undefined;
  private findingsAt = 0;
  private begun = false;
  /** Everything is read once more when all was read for the first time. */
  private spoilt = false;

  constructor(readonly backend: Backend) {
    this.now = Date.now();
  }

  get status(): Status | null {
    return this.world.status;
  }

  /** As they are shown: of what is paused nothing is planned. */
  accounts: AccountRow[] = $derived(rowsOf(this.world.status));

  get row(): AccountRow | null {
    return this.accounts.find((row) => row.id === this.selected) ?? null;
  }

  get signIn(): SignInRow | null {
    return visibleSignIn(this.world, this.wantedSignIn);
  }

  /** Starts to listen, and asks for everything. The window's end is the page's. */
  start(): void {
    this.backend.listen((happening) => this.hear(happening));
    this.stale = { status: true, timeline: true, history: true };
    void this.readStale();
    void this.backend.shell().then(
      (shell) => {
        this.shell = shell;
        if (shell.account) this.showAccount(shell.account);
      },
      () => undefined,
    );
    void this.readSettings();
    this.tick();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.tick();
    });
  }

  /** The shortest stretch that makes sense: tokens live for an hour, in the demo for a minute. */
  get shortest(): number {
    return this.status?.demo ? SHORTEST_DEMO_MS : SHORTEST_MS;
  }

  /** Shows another stretch of time; what is missing for it is read once it stands still. */
  setFrame(frame: Frame): void {
    this.frame = frame;
    if (serves(this.read, frame, this.now)) return;
    clearTimeout(this.reframing);
    this.reframing = setTimeout(() => void this.readTimeline(), REFRAME_MS);
  }

  /** Says something to a screen reader only. */
  say(text: string): void {
    this.said = text;
  }

  select(id: string | null): void {
    this.selected = id;
    this.story = [];
    this.uses = [];
    void this.readStory();
    void this.readFigures();
  }

  /** As asked for from elsewhere; known by name, and perhaps not read yet. */
  showAccount(name: string): void {
    this.wantedAccount = name;
    this.goToWanted();
  }

  private goToWanted(): void {
    const row = this.status?.accounts.find((account) => account.name === this.wantedAccount);
    if (!row) return;
    this.wantedAccount = null;
    // What is being typed somewhere is not thrown away.
    if (this.view === "history" || this.view === "settings") this.show("timeline");
    if (this.selected !== row.id) this.select(row.id);
  }

  show(view: View): void {
    this.view = view;
    this.historyOf = "";
  }

  showHistoryOf(row: AccountRow): void {
    this.view = "history";
    this.historyOf = row.name;
  }

  /** Does what a person asked for; a refusal is told in the engine's words. */
  async run<T>(what: string, action: () => Promise<T>, done?: string): Promise<T | null> {
    this.busy = what;
    try {
      const answer = await action();
      if (done) this.tell({ text: done });
      return answer;
    } catch (error) {
      this.tell({ text: inWords(error) });
      return null;
    } finally {
      this.busy = null;
    }
  }

  /** The keychain asks by itself, and waits for the person. */
  unlock(): Promise<unknown> {
    return this.run("unlock", () => this.backend.request("POST", "/v1/vault/unlock"));
  }

  async signInTo(row: AccountRow, device = false): Promise<void> {
    const started = await this.run(`sign-in ${row.id}`, () =>
      this.backend.request<SignInRow>("POST", accountPath(row.name, "/sign-in"), { device }),
    );
    if (!started) return;
    this.world = { ...this.world, signIns: { ...this.world.signIns, [started.id]: started } };
    this.wantedSignIn = started.id;
  }

  async cancelSignIn(row: SignInRow): Promise<void> {
    await this.run("cancel", () =>
      this.backend.request("DELETE", `/v1/sign-ins/${encodeURIComponent(row.id)}`),
    );
    this.closeSignIn();
  }

  async useCode(row: SignInRow): Promise<void> {
    const account = this.status?.accounts.find((candidate) => candidate.name === row.account);
    if (!account) return;
    // The engine ends this one for the other: it has neither failed nor was it cancelled.
    this.closeSignIn();
    await this.signInTo(account, true);
  }

  closeSignIn(): void {
    this.wantedSignIn = null;
  }

  later(row: AccountRow): Promise<unknown> {
    const id = row.incident?.id ?? "";
    return this.run("later", () =>
      this.backend.request("POST", `/v1/incidents/${encodeURIComponent(id)}/later`),
    );
  }

  act(
    row: AccountRow,
    action: "refresh" | "pause" | "resume" | "sign-out",
    done: string,
  ): Promise<unknown> {
    // That it signed in a moment ago is not what is true now.
    if (action === "sign-out") this.closeSignIn();
    return this.run(
      `${action} ${row.id}`,
      () => this.backend.request("POST", accountPath(row.name, `/${action}`)),
      done,
    );
  }

  async rename(row: AccountRow, name: string): Promise<boolean> {
    const renamed = await this.run(
      `rename ${row.id}`,
      () => this.backend.request<AccountRow>("PATCH", accountPath(row.name), { name }),
      words.details.renamed(name),
    );
    return renamed !== null;
  }

  async remove(row: AccountRow, revoke: boolean): Promise<void> {
    const gone = await this.run(`remove ${row.id}`, async () => {
      await this.backend.request("DELETE", accountPath(row.name, revoke ? "?revoke=true" : ""));
      return true;
    });
    if (!gone) return;
    this.selected = null;
    this.tell({
      text: words.details.removed(row.name),
      undo: () => void this.restore(row),
    });
  }

  private async restore(row: AccountRow): Promise<void> {
    await this.run(
      "restore",
      () => this.backend.request("POST", accountPath(row.name, "/restore")),
      words.details.back(row.name),
    );
    this.select(row.id);
  }

  async setSettings(patch: Record<string, unknown>): Promise<boolean> {
    const settings = await this.run("settings", () =>
      this.backend.request<SettingsRow>("PATCH", "/v1/settings", patch),
    );
    if (settings) this.take(settings);
    return settings !== null;
  }

  /** The same, with what is wrong for whoever shows it at its field; null when it is saved. */
  async trySettings(patch: Record<string, unknown>): Promise<string | null> {
    try {
      this.take(await this.backend.request<SettingsRow>("PATCH", "/v1/settings", patch));
      this.tell({ text: words.settings.saved });
      return null;
    } catch (error) {
      // The field is in sight: neither file nor line nor key need naming.
      return inWords(error).replace(/config\.toml:\d+:\d+: (?:\w+: )?/, "");
    }
  }

  /** Settings as they are now, wherever they were changed. */
  private take(settings: SettingsRow): void {
    this.settings = settings;
    this.speak(settings.language);
  }

  /** `system`, or a language's code. Said before the first picture, so that none is drawn twice. */
  speak(setting: string): void {
    const wanted = window.systemLanguages ?? navigator.languages;
    const language = languageOf(setting, wanted);
    speak(language, wanted);
    this.language = language;
    document.documentElement.lang = language;
  }

  async setStartAtLogin(on: boolean): Promise<void> {
    const shell = await this.run("login", () => this.backend.setStartAtLogin(on));
    if (shell) this.shell = shell;
  }

  tell(note: Note): void {
    clearTimeout(this.noting);
    this.note = note;
    this.noting = setTimeout(() => (this.note = null), UNDO_MS);
  }

  dismiss(): void {
    clearTimeout(this.noting);
    this.note = null;
  }

  private hear(happening: Happening): void {
    if (happening.type === "closing") {
      this.closing = true;
      return;
    }
    if (happening.type === "show") {
      this.showAccount(happening.account);
      return;
    }
    if (happening.type === "connection") {
      const back = happening.up && !this.world.connected;
      if (!happening.up && this.world.connected) this.lostAt = this.now;
      this.world = { ...this.world, connected: happening.up };
      if (back) this.spoil({ status: true, timeline: true, history: true });
      return;
    }
    if (happening.type === "settings") {
      this.take(happening.settings);
      return;
    }
    if (happening.type === "resync" && !this.read) {
      // The listener is there; what it may have missed is read after the first picture.
      this.spoilt = true;
      return;
    }
    const before = this.world;
    const { world, stale } = apply(before, happening);
    this.world = world;
    this.announce(before.status);
    this.closeWhenSignedIn(happening);
    this.spoil(stale);
    this.tick();
  }

  /** A sign-in that went well needs no click to be gone; one with a warning does. */
  private closeWhenSignedIn(happening: Happening): void {
    if (
      happening.type !== "sign_in" ||
      happening.row.phase !== "signed_in" ||
      happening.row.warning
    )
      return;
    const { id } = happening.row;
    setTimeout(() => {
      if (this.wantedSignIn === id) this.closeSignIn();
    }, SIGNED_IN_MS);
  }

  private announce(before: Status | null): void {
    const words = announcement(before, this.status);
    if (words) this.said = words;
  }

  private spoil(stale: Stale): void {
    this.stale = {
      status: this.stale.status || stale.status,
      timeline: this.stale.timeline || stale.timeline,
      history: this.stale.history || stale.history,
    };
    if (!this.stale.status && !this.stale.timeline && !this.stale.history) return;
    this.settling ??= setTimeout(() => void this.readStale(), this.status ? SETTLE_MS : 0);
  }

  private async readStale(): Promise<void> {
    const stale = this.stale;
    this.stale = { status: false, timeline: false, history: false };
    this.settling = undefined;
    const reads: Promise<void>[] = [];
    if (stale.status) reads.push(this.readStatus());
    if (stale.timeline) reads.push(this.readTimeline());
    if (stale.history) {
      this.entries += 1;
      reads.push(this.readStory());
      void this.readFigures();
    }
    await Promise.all(reads);
    this.lookCloser();
    if (!this.spoilt) return;
    this.spoilt = false;
    this.spoil({ status: true, timeline: true, history: true });
  }

  private async readStatus(): Promise<void> {
    try {
      const status = await this.backend.request<Status>("GET", "/v1/status");
      const before = this.status;
      this.world = { ...this.world, status, connected: true };
      this.announce(before);
      for (const row of status.accounts) if (row.sign_in) void this.readSignIn(row.sign_in);
      if (!before) this.begin(status);
      this.goToWanted();
      this.tick();
      this.reason = "";
    } catch (error) {
      this.reason = inWords(error);
      if (this.world.connected) this.lostAt = this.now;
      this.world = { ...this.world, connected: false };
      setTimeout(() => this.spoil({ status: true, timeline: true, history: true }), 2000);
    }
  }

  /** What a window that just opened shows. */
  private begin(status: Status): void {
    if (status.demo) this.frame = frameOf(RANGES[0]?.length ?? this.frame.length);
  }

  /** The lanes are painted first; what lies beneath them is asked for and drawn after that. */
  private lookCloser(): void {
    if (this.begun || !this.status) return;
    this.begun = true;
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (this.selected === null) this.select(this.status?.accounts[0]?.id ?? null);
      }),
    );
  }

  private async readSignIn(id: string): Promise<void> {
    const known = this.world.signIns[id];
    if (known && isGoing(known)) return;
    try {
      const row = await this.backend.request<SignInRow>(
        "GET",
        `/v1/sign-ins/${encodeURIComponent(id)}`,
      );
      this.world = { ...this.world, signIns: { ...this.world.signIns, [id]: row } };
    } catch {
      // It ended meanwhile; the account's row says so by itself.
    }
  }

  private async readTimeline(): Promise<void> {
    const wanted = reading(this.frame, this.now);
    const query = new URLSearchParams({
      from: new Date(wanted.from).toISOString(),
      to: new Date(wanted.to).toISOString(),
      bucket_s: String(wanted.bucketS),
    });
    try {
      const answer = await this.backend.request<Timeline>(
        "GET",
        `/v1/timeline?${query.toString()}`,
      );
      const now = instant(answer.now);
      if (now !== null) this.clock.read(now, Date.now());
      this.rate = this.clock.rate;
      this.lanes = answer.lanes;
      this.read = wanted;
      this.timelineReadAt = Date.now();
      this.tick();
    } catch {
      // The status says whether the engine answers; the lanes stay as they were.
    }
  }

  private async readStory(): Promise<void> {
    const row = this.row;
    if (!row) return;
    const read = async (group: string) => {
      const filter = { ...ALL, account: row.name, group, days: 0 };
      const path = historyPath(filter, this.now, null, DETAIL_ENTRIES);
      return (await this.backend.request<HistoryAnswer>("GET", path)).entries;
    };
    try {
      const [story, uses] = await Promise.all([read(""), read("programs")]);
      if (this.selected === row.id) [this.story, this.uses] = [story, uses];
    } catch {
      [this.story, this.uses] = [[], []];
    }
  }

  /** Figures of weeks: for whoever looks at an account. */
  private async readFigures(): Promise<void> {
    if (!this.selected) return;
    void this.readFindings();
    try {
      this.stats = await this.backend.request<Stats>("GET", "/v1/stats");
    } catch {
      // The account is shown without them.
    }
  }

  private async readFindings(): Promise<void> {
    if (Date.now() - this.findingsAt < FINDINGS_MS) return;
    this.findingsAt = Date.now();
    try {
      this.findings = await this.backend.request<Finding[]>("GET", "/v1/doctor");
    } catch {
      // The account is shown without them.
    }
  }

  async readSettings(): Promise<void> {
    try {
      this.take(await this.backend.request<SettingsRow>("GET", "/v1/settings"));
    } catch {
      // Read again when the settings are opened.
    }
  }

  /** Tells the time, and decides when to tell it again; a hidden window does not tick. */
  private tick(): void {
    clearTimeout(this.ticking);
    this.now = this.clock.at(Date.now());
    if (document.visibilityState === "hidden") return;
    const often = this.status?.demo ? DEMO_TIMELINE_MS : TIMELINE_MS;
    if (this.timelineReadAt && Date.now() - this.timelineReadAt > often) {
      this.timelineReadAt = Date.now();
      void this.readTimeline();
    }
    const ends = [
      this.signIn?.ends_at,
      ...(this.status?.accounts ?? []).flatMap((row) => [row.expires_at, row.next_refresh_at]),
    ];
    const wait = nextTick(
      this.now,
      ends.map(instant).filter((end) => end !== null),
    );
    const moves = this.frame.length / LANE_WIDTH;
    this.ticking = setTimeout(
      () => this.tick(),
      Math.max(TICK_MS, Math.min(wait, moves) / this.rate),
    );
  }
}
