// How the window is built. `--mode fake` builds the same window on the invented backend, for a
// browser and for pictures; the shipped build holds none of it, so it can never show invented facts.

import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The letters of the first picture are fetched beside its script, so that no word is drawn twice. */
const early: Plugin = {
  name: "early-font",
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle = {} }) =>
      Object.keys(bundle)
        .filter((file) => /inter-latin-wght-normal.*\.woff2$/.test(file))
        .map((file) => ({
          tag: "link",
          attrs: { rel: "preload", as: "font", crossorigin: true, href: `./${file}` },
          injectTo: "head" as const,
        })),
  },
};

export default defineConfig(({ command, mode }) => ({
  plugins: [svelte({ preprocess: vitePreprocess() }), early],
  define: {
    __FAKE__: JSON.stringify(mode === "fake" || (command === "serve" && mode !== "shell")),
  },
  // Relative addresses, so that a fake build also opens from a file.
  base: "./",
  build: {
    outDir: mode === "fake" ? "dist-fake" : "dist",
    // The oldest engine we meet: WebKitGTK 2.44 (light-dark() came with Safari 17.5).
    target: "safari17.4",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    fs: { allow: [".", "../src-tauri/engine/words"] },
  },
  test: {
    environment: "node",
    include:
      mode === "bench" || mode === "pictures"
        ? [`tests/**/*.${mode}.ts`]
        : ["src/**/*.test.ts", "tests/**/*.test.ts"],
    globalSetup: "tests/build.ts",
    env: { TZ: "Europe/Berlin" },
    // A browser starts before some of them; a busy machine takes longer than ten seconds for that.
    hookTimeout: 60_000,
    testTimeout: 30_000,
  },
}));
