// An invented day of seven accounts, told in hours from now. Only in builds for browser and pictures.

import type {
  AccountRow,
  BrowserRow,
  HistoryRow,
  Lane,
  LaneBar,
  LaneMark,
  MarkKind,
  ProviderRow,
} from "../api/types";
import { account, entry } from "./fake_world";

export interface Story {
  row: AccountRow;
  lane: Lane;
  /** Newest first. */
  history: HistoryRow[];
}

const HOUR = 3_600_000;

/** The day as it stands at `now`; in the scene `well` nobody needs anything. */
export function stories(now: number, scene: string): Story[] {
  const well = scene === "well";
  const at = (hours: number) => new Date(now + hours * HOUR).toISOString();
  const every = (from: number, to: number, step: number) => {
    const hours: number[] = [];
    for (let hour = from; hour <= to + 1e-9; hour += step) hours.push(hour);
    return hours;
  };
  const marks = (hours: number[], kind: MarkKind, label: string): LaneMark[] =>
    hours.map((hour) => ({ at: at(hour), kind, count: 1, label }));
  const life = (from: number, to: number, source: LaneBar["source"] = "server"): LaneBar => ({
    from: at(from),
    to: at(to),
    source,
  });
  const lives = (hours: number[], length: number) => hours.map((hour) => life(hour, hour + length));
  const refreshed = (name: string, hours: number[]): HistoryRow[] =>
    hours.map((hour) =>
      entry({
        at: at(hour),
        account: name,
        trigger: "schedule",
        message: "Refreshed.",
        duration_ms: 210,
      }),
    );
  const failed = (name: string, hour: number, part: Partial<HistoryRow>): HistoryRow =>
    entry({ at: at(hour), account: name, kind: "refresh_failed", ...part });
  const story = (row: Partial<AccountRow>, lane: Partial<Lane>, history: HistoryRow[]): Story => ({
    row: account(row),
    lane: {
      account_id: row.name ?? "",
      name: row.name ?? "",
      bars: [],
      marks: [],
      incidents: [],
      sign_in_about: false,
      ...lane,
    },
    history: [...history].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)),
  });
  const unlessWell = <T>(items: T[]): T[] => (well ? [] : items);

  const okta = every(well ? -46.2 : -46.4, -0.5, 2.2).filter((hour) => well || hour < -2);
  const google = every(-47.2, -0.2, 1);
  const gitlab = [...every(-46.4, -6.4, 1.6), -2.4, -0.8];
  const microsoft = every(-46.5, -0.9, 1.2);
  const atlassian = every(-30, well ? -0.5 : -6, 1);
  const ended = "Okta no longer accepts this sign-in: your organisation ended the session.";

  return [
    story(
      {
        name: "Okta",
        provider: "okta",
        scopes: ["openid", "offline_access"],
        used_by: ["terraform"],
        ...(well
          ? { expires_at: at(1.4), next_refresh_at: at(1.1) }
          : {
              state: "sign_in_needed",
              verdict: "sign_in",
              cause: "session_ended",
              action: "sign_in",
              token_valid: false,
              next_refresh_at: at(0.6),
              expires_at: at(-0.2),
              message: ended,
              incident: {
                id: "incident-1",
                cause: "session_ended",
                opened_at: at(-0.4),
                notified_at: at(-0.4),
                why: ended,
                advice: "It does so every 24 hours.",
                later: false,
              },
            }),
      },
      {
        bars: lives(okta, 2.2),
        marks: [
          ...marks(okta, "refreshed", "Refreshed"),
          ...unlessWell(marks([-0.4], "sign_in", ended)),
        ],
        incidents: unlessWell([{ from: at(-0.4), label: "Sign-in needed" }]),
      },
      [
        ...unlessWell([
          entry({
            at: at(-0.39),
            account: "Okta",
            kind: "notified",
            message: "You were told, once.",
          }),
          entry({
            at: at(-0.4),
            account: "Okta",
            kind: "sign_in_needed",
            cause: "session_ended",
            verdict: "sign_in",
            message: "Signing in is needed: Okta ended the session.",
          }),
          failed("Okta", -0.41, {
            cause: "session_ended",
            verdict: "sign_in",
            http_status: 400,
            provider_code: "invalid_grant",
            attempt: 2,
            message: "Okta refused: the session has ended.",
          }),
        ]),
        ...refreshed("Okta", okta),
      ],
    ),
    story(
      {
        name: "Google",
        provider: "google",
        expires_at: at(0.81),
        next_refresh_at: at(0.62),
        scopes: ["openid", "email"],
        used_by: ["rclone"],
        signed_in_at: at(-48),
        sign_in_at: at(120),
        sign_in_about: true,
      },
      {
        bars: lives(google, 1),
        marks: marks(google, "refreshed", "Refreshed"),
        planned_at: at(0.62),
        signed_in_at: at(-48),
        sign_in_at: at(120),
        sign_in_about: true,
      },
      refreshed("Google", google),
    ),
    story(
      {
        name: "GitLab (work)",
        provider: "gitlab",
        expires_at: at(1.21),
        next_refresh_at: at(0.8),
        scopes: ["read_user", "read_repository", "api"],
        used_by: ["git", "glab"],
        generation: 214,
      },
      {
        bars: lives(gitlab, 2.05),
        marks: [
          ...marks(gitlab, "refreshed", "Refreshed"),
          ...marks([-4.9, -4.6, -4.1], "waiting", "GitLab answered 503"),
        ],
        planned_at: at(0.8),
      },
      [
        ...refreshed("GitLab (work)", gitlab),
        entry({
          at: at(-0.1),
          account: "GitLab (work)",
          kind: "handed_out",
          client: "git",
          count: 41,
          message: "Token handed to git 41 times",
        }),
        failed("GitLab (work)", -4.1, {
          cause: "server_error",
          verdict: "wait",
          http_status: 503,
          attempt: 3,
          next_attempt_at: at(-4),
          message: "The provider answers 503. Next try in 6 min.",
        }),
        failed("GitLab (work)", -4.9, {
          cause: "server_error",
          verdict: "wait",
          http_status: 503,
          attempt: 1,
          next_attempt_at: at(-4.6),
          message: "The provider answers 503. Next try in 18 min.",
        }),
        entry({
          at: at(-6.5),
          kind: "woke",
          message: "Woke from sleep; refreshes are spread over 20 s.",
        }),
      ],
    ),
    story(
      {
        name: "Microsoft",
        provider: "microsoft",
        expires_at: at(0.4),
        next_refresh_at: at(0.05),
        action: "check_network",
        message: "No connection to Microsoft; the token is still good.",
        scopes: ["User.Read"],
        used_by: ["davmail"],
        ...(well ? {} : { state: "waiting", verdict: "wait", cause: "network_connect" }),
      },
      {
        bars: lives(microsoft, 1.3),
        marks: [
          ...marks(microsoft, "refreshed", "Refreshed"),
          ...unlessWell(marks([-0.1], "waiting", "No connection")),
        ],
        planned_at: at(0.1),
      },
      [
        ...unlessWell([
          failed("Microsoft", -0.1, {
            cause: "network_connect",
            verdict: "wait",
            attempt: 2,
            next_attempt_at: at(0.05),
            message: "No connection to the provider. Next try in 9 min.",
          }),
        ]),
        ...refreshed("Microsoft", microsoft),
      ],
    ),
    story(
      {
        name: "Slack",
        provider: "slack",
        expires_at: at(7),
        next_refresh_at: at(4.6),
        refresh_token_expires_at: at(8.3),
        signed_in_at: at(-17),
        sign_in_at: at(8.3),
        scopes: ["chat:write"],
      },
      {
        bars: [life(-17, -5), life(-5, 7)],
        marks: marks([-17, -5], "refreshed", "Refreshed"),
        planned_at: at(4.6),
        signed_in_at: at(-17),
        sign_in_at: at(8.3),
      },
      refreshed("Slack", [-17, -5]),
    ),
    story(
      {
        name: "Atlassian",
        provider: "atlassian",
        token_valid: well,
        expires_at: at(well ? 0.5 : -5),
        next_refresh_at: at(0.4),
        scopes: ["read:jira-work"],
        ...(well
          ? {}
          : {
              state: "fix_setup",
              verdict: "fix_setup",
              cause: "client_rejected",
              action: "edit_account",
              message: "Setup: the client id or secret was refused. Next try in 1 h.",
            }),
      },
      {
        bars: lives(atlassian, 1),
        marks: [
          ...marks(atlassian, "refreshed", "Refreshed"),
          ...unlessWell(marks([-5], "setup", "Atlassian refused the client secret")),
        ],
      },
      [
        ...unlessWell([
          failed("Atlassian", -5, {
            cause: "client_rejected",
            verdict: "fix_setup",
            http_status: 401,
            provider_code: "invalid_client",
            next_attempt_at: at(0.4),
            message: "Setup: the client id or secret was refused. Next try in 1 h.",
          }),
        ]),
        ...refreshed("Atlassian", atlassian),
      ],
    ),
    story(
      {
        name: "Keycloak (lab)",
        provider_name: "id.lab.example",
        expires_at: at(0.07),
        next_refresh_at: at(0.05),
        scopes: ["openid"],
        expires_source: "jwt",
        used_by: ["kubectl"],
      },
      {
        bars: [life(-0.02, 0.07, "jwt")],
        marks: [
          {
            at: at(-200),
            until: at(0),
            kind: "refreshed",
            count: 224,
            label: "refreshed 224 times",
          },
        ],
        planned_at: at(0.05),
      },
      [
        entry({
          at: at(-0.02),
          account: "Keycloak (lab)",
          count: 224,
          message: "Refreshed (224 times)",
        }),
      ],
    ),
  ];
}

export const PROVIDERS: ProviderRow[] = [
  {
    key: "google",
    name: "Google",
    issuer: "https://accounts.google.com",
    scopes: ["openid", "email"],
    device_flow: true,
    loopback: "http://127.0.0.1 or http://[::1] with any port",
    register:
      "An OAuth client of type “Desktop app” in the Google Cloud console (for codes: “TVs and Limited Input devices”); set its consent screen to “In production”, or most grants end after 7 days",
    docs: "https://developers.google.com/identity/protocols/oauth2/native-app",
    needs_secret: true,
    facts: [
      {
        fact: "rotation",
        words: "The refresh token stays the same.",
        said: { code: "rotation_never" },
        source: "https://developers.google.com/identity/protocols/oauth2/native-app",
      },
      {
        fact: "refresh_idle",
        words: "The refresh token ends when unused for 6 months.",
        source: "https://developers.google.com/identity/protocols/oauth2",
        said: { code: "idle_after", params: { seconds: "15552000" } },
      },
      {
        fact: "refresh_absolute",
        words: "Unknown.",
        source: null,
        said: { code: "fact_unknown" },
      },
    ],
  },
  {
    key: "microsoft",
    name: "Microsoft",
    scopes: ["openid", "offline_access"],
    device_flow: true,
    loopback: "http://localhost, any port",
    register:
      "In the Entra admin centre register an app with the platform “Mobile and desktop applications”.",
    docs: "https://learn.microsoft.com/entra/identity-platform/reply-url",
    needs_secret: false,
    facts: [],
  },
  {
    key: "github",
    name: "GitHub",
    scopes: ["repo"],
    device_flow: true,
    loopback: "http://127.0.0.1, any port",
    register: "Make an OAuth app in your developer settings.",
    docs: "https://docs.github.com/apps/oauth-apps",
    needs_secret: true,
    facts: [],
  },
  ...Object.entries({
    gitlab: "GitLab",
    slack: "Slack",
    atlassian: "Atlassian",
    okta: "Okta",
    auth0: "Auth0",
    keycloak: "Keycloak",
    zitadel: "Zitadel",
    authentik: "authentik",
    dropbox: "Dropbox",
    salesforce: "Salesforce",
    spotify: "Spotify",
    "aws-sso": "AWS IAM Identity Center",
  }).map(([key, name]) => ({
    key,
    name,
    scopes: ["openid", "offline_access"],
    device_flow: true,
    loopback: "http://127.0.0.1, any port",
    register: "Register a native app that may use refresh tokens.",
    docs: `https://${key}.example/docs`,
    needs_secret: false,
    facts: [],
  })),
];

export const BROWSERS: BrowserRow[] = [
  { name: "Chromium", command: ["chromium"] },
  { name: "Firefox", command: ["firefox"] },
  { name: "Firefox", profile: "home", command: ["firefox", "-P", "home"] },
  { name: "Firefox", profile: "work", command: ["firefox", "-P", "work"] },
];
