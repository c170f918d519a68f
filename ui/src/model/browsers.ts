// Browsers to pick from: how one is told from another, and what it is called.

import type { BrowserRow } from "../api/types";
import { words } from "../words/words";

/** A command as a text that can be compared; empty where there is none. */
export function browserKey(command: readonly string[] | null | undefined): string {
  return command?.length ? JSON.stringify(command) : "";
}

export function browserName(browser: BrowserRow): string {
  return browser.profile
    ? words.settings.browserProfile(browser.name, browser.profile)
    : browser.name;
}
