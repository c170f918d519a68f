import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import ts from "typescript";
import { afterEach, describe, expect, it } from "vitest";
import { account, entry, overall } from "../src/backend/fake_world";
import { duration, relative } from "../src/model/time";
import { meaning, stateShape, stateWords } from "../src/model/words";
import { de } from "../src/words/de";
import { germanCodes, germanSaid } from "../src/words/de_said";
import { en } from "../src/words/en";
import {
  entryOf,
  findingOf,
  headlineOf,
  languageOf,
  locale,
  problemOf,
  providerTextOf,
  saidOf,
  speak,
  whyOf,
} from "../src/words/words";

const src = join(import.meta.dirname, "../src");

afterEach(() => speak("en", []));

describe("the catalogue", () => {
  /** Every text of a catalogue by its path; functions are called with something of each kind. */
  function texts(part: unknown, path: string, found: Map<string, string>): Map<string, string> {
    if (typeof part === "string") found.set(path, part);
    else if (typeof part === "function") {
      found.set(path, String((part as (...all: unknown[]) => unknown)("X", "Y", "Z")));
    } else if (part && typeof part === "object") {
      for (const [key, value] of Object.entries(part)) texts(value, `${path}.${key}`, found);
    }
    return found;
  }
  const { sentences: _, ...english } = en;
  const { sentences: __, ...german } = de;
  const all = { en: texts(english, "", new Map()), de: texts(german, "", new Map()) };

  it("has every text in both languages, and none empty", () => {
    expect([...all.de.keys()].sort()).toEqual([...all.en.keys()].sort());
    expect([...all.en.values(), ...all.de.values()].filter((text) => !text.trim())).toEqual([]);
  });

  it("is translated: what is alike is alike in both languages", () => {
    const alike = [...all.en].filter(
      ([key, text]) => all.de.get(key) === text && /\p{L}{4}/u.test(text),
    );
    const same = ["Browser", "Code", "Deutsch", "English", "Name", "Proxy", "Text", "Token"];
    const told = alike.map(([, text]) => text);
    expect(told.filter((text) => ![...same, "Tokens", "Version"].includes(text))).toEqual([]);
  });

  it("says the same number of things where it lists them", () => {
    expect(de.signIn.steps).toHaveLength(en.signIn.steps.length);
    expect(de.signIn.stepsDevice).toHaveLength(en.signIn.stepsDevice.length);
  });
});

it("has German for every code that the engine can say", () => {
  const document = JSON.parse(
    readFileSync(join(src, "../../src-tauri/packaging/openapi.json"), "utf8"),
  ) as { components: { schemas: Record<string, { enum: string[] }> } };
  const codes = (name: string) => [...(document.components.schemas[name]?.enum ?? [])].sort();
  expect(codes("SaidCode").length).toBeGreaterThan(50);
  expect(Object.keys(germanSaid).sort()).toEqual(codes("SaidCode"));
  expect(Object.keys(germanCodes).sort()).toEqual(codes("Code"));
  // Whatever comes along with it: it is a sentence.
  const params = new Proxy({ cause: "network_dns", seconds: "7200" } as Record<string, string>, {
    get: (known, key) => known[String(key)] ?? "X",
  });
  const lacking = Object.entries(germanSaid).filter(([, say]) =>
    /^$|undefined|NaN/.test(say(params).trim()),
  );
  expect(lacking.map(([code]) => code)).toEqual([]);
});

it("says refusals, findings and sign-ins by their codes, and by the engine's words without one", () => {
  speak("de", ["de-DE"]);
  const refused = {
    type: "urn:tokentray:CONFLICT",
    title: "conflict",
    status: 409,
    code: "CONFLICT" as const,
    detail: 'there is an account named "Okta" already',
  };
  const said = { code: "name_taken" as const, params: { name: "Okta" } };
  expect(problemOf({ ...refused, said })).toBe("Ein Konto namens Okta gibt es schon.");
  expect(problemOf(refused)).toBe(`Das passt nicht zum jetzigen Stand: ${refused.detail}`);
  const clock = {
    level: "problem",
    about: "clock",
    found: "This computer's clock is wrong.",
    mend: "set this computer's date and time",
    said: { code: "clock_off" as const, params: { seconds: "-300" } },
  };
  expect(findingOf(clock)).toEqual({
    about: "Uhr",
    found: "Die Uhr dieses Rechners geht 5 min nach.",
    mend: "Stellen Sie Datum und Uhrzeit dieses Rechners.",
  });
  const denied = { code: "provider_refused" as const, params: { code: "access_denied", text: "" } };
  expect(saidOf(denied, "The sign-in was declined.")).toContain("Die Anmeldung wurde abgelehnt");
  expect(providerTextOf("Exactly as registered")).toBe("Genau wie registriert");
  speak("en", []);
  expect(saidOf(denied, "The sign-in was declined.")).toBe("The sign-in was declined.");
  expect(problemOf({ ...refused, said, hint: "tokentray status" })).toBe(
    `${refused.detail} (tokentray status)`,
  );
});

describe("words stand in the catalogue only", () => {
  /** Two words beside each other are a text for people. */
  const SPOKEN = /\p{L}{2,}[,.]? \p{L}{2,}/u;
  const ATTRIBUTES = [
    "aria-label",
    "title",
    "placeholder",
    "alt",
    "label",
    "hint",
    "aria-roledescription",
  ];

  function markup(file: string): string[] {
    const found: string[] = [];
    const visit = (node: unknown, attribute: string | null): void => {
      if (Array.isArray(node)) return node.forEach((one) => visit(one, attribute));
      if (!node || typeof node !== "object") return;
      const one = node as Record<string, unknown>;
      if (one["type"] === "Text" && typeof one["data"] === "string") {
        const told = attribute === null || ATTRIBUTES.includes(attribute);
        if (told && /\p{L}{2,}/u.test(one["data"])) found.push(one["data"].trim());
      }
      const named = one["type"] === "Attribute" || one["type"] === "StyleDirective";
      const name = named ? String(one["name"]) : attribute;
      for (const [key, value] of Object.entries(one)) {
        if (!["css", "instance", "module", "comments", "name"].includes(key)) visit(value, name);
      }
    };
    visit(parse(readFileSync(file, "utf8"), { modern: true }).fragment, null);
    return found;
  }

  function strings(text: string): string[] {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const told =
        ts.isStringLiteral(node) ||
        ts.isNoSubstitutionTemplateLiteral(node) ||
        ts.isTemplateHead(node) ||
        ts.isTemplateMiddle(node) ||
        ts.isTemplateTail(node);
      if (told && SPOKEN.test(node.text)) found.push(node.text);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile("x.ts", text, ts.ScriptTarget.Latest, true));
    return found;
  }

  const parts = readdirSync(join(src, "parts")).filter((name) => name.endsWith(".svelte"));

  it.each(parts)("%s", (name) => {
    const file = join(src, "parts", name);
    const script = /<script[^>]*>([^]*?)<\/script>/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
    const told = [...markup(file), ...strings(script)];
    expect(told.filter((text) => !text.includes("sans-serif"))).toEqual([]);
  });

  const models = readdirSync(join(src, "model")).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  it.each(models)("%s", (name) => {
    const spoken = strings(readFileSync(join(src, "model", name), "utf8"));
    // What `run` calls a thing that is busy, and the font of the canvas.
    const inner = ["sign-in ", "system-ui"];
    expect(spoken.filter((text) => !inner.some((part) => text.includes(part)))).toEqual([]);
  });
});

it("speaks the person's language, or English", () => {
  expect(languageOf("system", ["fr-FR", "de-AT", "en-US"])).toBe("de");
  expect(languageOf("system", ["fr-FR"])).toBe("en");
  expect(languageOf("system", ["den-CA"])).toBe("en");
  expect(languageOf("de", ["en-US"])).toBe("de");
  speak("de", ["de-at-x-", "de-CH"]);
  expect(locale).toBe("de-CH");
});

it("shows a newer engine's own words for codes that are not known here", () => {
  const flare = "solar_flare" as never;
  const row = account({ name: "Okta", state: flare, cause: flare, message: "It rests." });
  expect([stateWords(row, 0), stateShape(row.state)]).toEqual(["It rests.", "outline"]);
  expect(meaning(flare, flare)).toEqual(meaning("unrecognised", "wait"));
  speak("de", ["de-DE"]);
  expect(entryOf(entry({ kind: flare, cause: flare, message: "It flared." }))).toBe("It flared.");
  expect(entryOf(entry({ kind: "refresh_failed", cause: flare }))).toBe("Erneuerung misslungen");
});

it("says all accounts in one German sentence, and that the rest is well only where it is", () => {
  speak("de", ["de-DE"]);
  type State = ReturnType<typeof account>["state"];
  const told = (...states: State[]) =>
    headlineOf(overall(states.map((state, n) => account({ name: `K${n}`, state }))));
  expect(told()).toBe("Noch kein Konto. Fügen Sie eines hinzu.");
  expect(told("sign_in_needed", "ok")).toBe("K0 braucht Sie. Alles andere ist in Ordnung.");
  expect(told("sign_in_needed", "fix_setup", "ok")).toBe("K0 braucht Sie.");
  expect(told(...Array<State>(6).fill("sign_in_needed"))).toBe(
    "6 Konten brauchen Sie: K0, K1, K2 und 3 weitere.",
  );
  expect(told("fix_setup", "waiting", "ok")).toBe("Die Einrichtung von K0 ist zu prüfen.");
  expect(told("waiting", "unclear", "ok")).toBe(
    "Nichts zu tun. 2 Konten warten: K0, K1. Alles andere ist in Ordnung.",
  );
  expect(told("signed_out")).toBe(
    "Sie sind bei K0 nicht angemeldet. Melden Sie sich an, um zu beginnen.",
  );
});

it("says in German what the engine says in English", () => {
  const row = account({
    name: "Okta",
    state: "sign_in_needed",
    cause: "session_ended",
    incident: {
      id: "1",
      cause: "session_ended",
      opened_at: "2026-03-10T14:00:00Z",
      why: "Okta ended the session.",
      later: false,
    },
  });
  const status = overall([row, account({ name: "Google" })], "Okta needs you.");
  const failed = entry({ kind: "refresh_failed", cause: "server_error", message: "503", count: 3 });
  expect([headlineOf(status), whyOf(row), entryOf(failed)]).toEqual([
    "Okta needs you.",
    "Okta ended the session.",
    "503",
  ]);
  speak("de", ["de-DE"]);
  expect([headlineOf(status), whyOf(row), entryOf(failed)]).toEqual([
    "Okta braucht Sie. Alles andere ist in Ordnung.",
    `Okta: ${de.meaning.of.session_ended.what}`,
    "Erneuerung misslungen: Anbieter ist gestört (3-mal)",
  ]);
  expect(duration(72 * 60_000)).toBe("1 h 12 min");
  expect(relative(0, 3 * 24 * 3_600_000)).toBe("vor 3 Tagen");
});
