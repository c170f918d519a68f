// Builds the window with its invented backend, once for all tests that open it in a browser.

import { buildWindow } from "./browser";

export default async function setup(): Promise<void> {
  await buildWindow();
}
