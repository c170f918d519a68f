// Chooses the backend and shows the window. The shipped build has only the real one: where Tauri is
// missing it says so instead of inventing facts.

import "@fontsource-variable/inter/wght.css";
import "./look.css";
import { mount } from "svelte";
import Root from "./parts/Root.svelte";
import type { Backend } from "./backend/backend";
import { tauriBackend } from "./backend/tauri";
import { warmUp } from "./model/time";
import { WindowState } from "./model/window.svelte";

async function chooseBackend(): Promise<Backend> {
  if (__FAKE__ && !("__TAURI_INTERNALS__" in window)) {
    const { fakeBackend } = await import("./backend/fake");
    return fakeBackend(location.search);
  }
  return tauriBackend();
}

const target = document.getElementById("app");
if (target) {
  const state = new WindowState(await chooseBackend());
  state.speak("system");
  // What is slow is asked for before anything is drawn.
  state.start();
  mount(Root, { target, props: { shared: state } });
  warmUp(Date.now());
}
