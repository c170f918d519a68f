import { describe, expect, it } from "vitest";
import type { ProviderRow } from "../api/types";
import {
  BY_ENDPOINTS,
  BY_ISSUER,
  addressFault,
  emptyForm,
  faults,
  formOf,
  patch,
  ports,
  settings,
  withProvider,
} from "./account_form";

const google: ProviderRow = {
  key: "google",
  name: "Google",
  scopes: ["openid", "email"],
  loopback: "any port",
  register: "…",
  docs: "https://example.com",
  needs_secret: true,
  facts: [],
};
const filled = { ...emptyForm(), name: "Work", provider: "google", clientId: "abc" };

describe("faults", () => {
  it("are none for a name, a provider and a client id", () =>
    expect(faults(filled, [])).toEqual({}));
  it("are found by field", () => {
    expect(Object.keys(faults(emptyForm(), [])).sort()).toEqual(["clientId", "name", "provider"]);
  });
  it("compare names without case", () => {
    expect(faults(filled, ["WORK"]).name).toBe("An account with this name exists.");
  });
  it("ask for the endpoints that the flow needs", () => {
    const form = { ...filled, provider: BY_ENDPOINTS, flow: "device" as const };
    expect(Object.keys(faults(form, [])).sort()).toEqual(["deviceUrl", "tokenUrl"]);
  });
  it("look at endpoints beside a provider, and ask for none", () => {
    const form = { ...filled, authUrl: "https://id.example.com/in", revocationUrl: "nowhere" };
    expect(Object.keys(faults(form, []))).toEqual(["revocationUrl"]);
  });
});

it("allows plain http for this computer only", () => {
  expect(addressFault("https://id.example.com", true)).toBeUndefined();
  expect(addressFault("http://127.0.0.1:8080/realm", true)).toBeUndefined();
  expect(addressFault("http://id.example.com", true)).toBe("It must begin with https://");
  expect(addressFault("id.example.com", true)).toBe("Not an address. It begins with https://");
  expect(addressFault("", false)).toBeUndefined();
});

it("reads ports, and says null for what is none", () => {
  expect(ports("")).toEqual([]);
  expect(ports("8000, 18000")).toEqual([8000, 18000]);
  expect(ports("80a")).toBeNull();
  expect(ports("70000")).toBeNull();
});

it("sends only what belongs to the way that was picked", () => {
  const form = {
    ...filled,
    provider: BY_ISSUER,
    issuer: " https://id.example.com ",
    tokenUrl: "https://left.over",
  };
  expect(settings(form)).toEqual({
    name: "Work",
    client_id: "abc",
    scopes: [],
    flow: "browser",
    issuer: "https://id.example.com",
  });
});

it("fills in the provider's name and scopes, but never over the person's own", () => {
  expect(withProvider(emptyForm(), null, google)).toMatchObject({
    name: "Google",
    scopes: "openid email",
  });
  expect(withProvider({ ...emptyForm(), name: "Mine", scopes: "a" }, null, google)).toMatchObject({
    name: "Mine",
    scopes: "a",
  });
});

it("patches what changed and nothing else, and keeps an untouched secret", () => {
  const before = formOf({ name: "Work", provider: "google", client_id: "abc", scopes: ["a"] });
  expect(patch(before, { ...before, scopes: "a b", name: "Play" })).toEqual({
    name: "Play",
    scopes: ["a", "b"],
  });
  expect(patch(before, before)).toEqual({});
});
