// The real backend, and the only file that knows Tauri: one command that hands a request to the
// engine's router, one channel for its events, and the few things that only the shell can do.

import { Channel, invoke } from "@tauri-apps/api/core";
import {
  Refused,
  isProblem,
  type Backend,
  type Happening,
  type Method,
  type ShellInfo,
} from "./backend";

async function call<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (error) {
    throw isProblem(error) ? new Refused(error) : error;
  }
}

export function tauriBackend(): Backend {
  return {
    request: <T>(method: Method, path: string, body?: unknown) =>
      call<T>("api", { method, path, body: body ?? null }),
    listen(listener) {
      const channel = new Channel<Happening>();
      channel.onmessage = listener;
      void call("listen", { channel });
      return () => {
        channel.onmessage = () => undefined;
      };
    },
    shell: () => call<ShellInfo>("shell"),
    setStartAtLogin: (on) => call<ShellInfo>("set_start_at_login", { on }),
    copyToken: (name) => call<void>("copy_token", { name }),
    copyText: (text) => call<void>("copy_text", { text }),
    importFromClipboard: (name, takeOver) =>
      call<void>("import_from_clipboard", { name, takeOver }),
    exportHistory: (query, format) => call<string>("export_history", { query, format }),
    openSignIn: (id) => call<void>("open_sign_in", { id }),
    startDemo: () => call<void>("start_demo"),
    closeWindow: () => call<void>("close_window"),
    quit: () => call<void>("quit"),
  };
}
