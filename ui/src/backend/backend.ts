// What the window needs from its surroundings. Two kinds exist: the real one (`tauri.ts`) and an
// invented one for a browser (`fake.ts`). Neither ever hands a token to the page.

import type { ApiEvent, Problem } from "../api/types";
import { problemOf, words } from "../words/words";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/**
 * Events of the engine; whether it answers at all; and that the person closes the window for the
 * first time where no tray shows that all goes on.
 */
export type Happening =
  | ApiEvent
  | { type: "connection"; up: boolean }
  | { type: "closing" }
  | { type: "show"; account: string };

/** What only the shell knows. */
export interface ShellInfo {
  /** `whole`: engine, tray and window; `presenter`: tray and window; `window`: only that. */
  role: "whole" | "presenter" | "window";
  /** Null where it is not known yet. */
  tray: boolean | null;
  /** Null where it cannot be switched here. */
  start_at_login: boolean | null;
  version: string;
  /** The account to show first; told once. */
  account?: string | null;
}

export interface Backend {
  /** Asks the engine; throws [`Refused`] with its problem document. */
  request<T>(method: Method, path: string, body?: unknown): Promise<T>;
  /** Listens until the returned function is called. */
  listen(listener: (happening: Happening) => void): () => void;
  shell(): Promise<ShellInfo>;
  setStartAtLogin(on: boolean): Promise<ShellInfo>;
  /** From the engine to the clipboard; the page only learns that it worked. */
  copyToken(account: string): Promise<void>;
  copyText(text: string): Promise<void>;
  /** A copied token response, from the clipboard to the engine; the page never sees it. */
  importFromClipboard(account: string, takeOver: string | null): Promise<void>;
  /** Writes the history of these filters into the downloads folder; tells the file. */
  exportHistory(query: string, format: "csv" | "json"): Promise<string>;
  /** Opens a sign-in's own address again, outside of the window. */
  openSignIn(id: string): Promise<void>;
  /** A second Tokentray, on the practice provider. */
  startDemo(): Promise<void>;
  closeWindow(): Promise<void>;
  quit(): Promise<void>;
}

/** The engine's answer was a problem. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = "Refused";
  }
}

/** What to tell the person about something that was thrown. */
export function inWords(error: unknown): string {
  if (error instanceof Refused) return problemOf(error.problem);
  return words.app.noAnswer;
}

/** Whether this is what the engine sends instead of an answer. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value;
}

/** Path of an account's route. */
export function accountPath(name: string, rest = ""): string {
  return `/v1/accounts/${encodeURIComponent(name)}${rest}`;
}
