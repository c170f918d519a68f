// What strains a layout: names as long as they may be, and many accounts that need a person at once.

import type { Story } from "./fake_data";
import { account } from "./fake_world";

const LONG = [
  "Okta (Arbeitsgemeinschaft der Landesverbände, Test)",
  "https://gitlab.internal.example.com/groups/infrastructure/pla",
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter",
];

function named(story: Story, name: string): Story {
  return {
    row: { ...story.row, id: name, name, scopes: [...story.row.scopes, name.replace(/\W/g, "")] },
    lane: { ...story.lane, account_id: name, name },
    history: story.history.map((entry) => ({ ...entry, account: name })),
  };
}

export function longNames(stories: Story[]): Story[] {
  return stories.map((story, index) => named(story, LONG[index] ?? story.row.name));
}

/** The first of them five times: all need a person. */
export function crowd(stories: Story[]): Story[] {
  const [first, ...rest] = stories;
  if (!first) return [];
  const all = ["Okta", "Slack (work)", "Jira", "Company mail", "Files"].map((name) => {
    const story = named(first, name);
    const { incident } = story.row;
    return {
      ...story,
      row: account({ ...story.row, incident: incident && { ...incident, id: name } }),
    };
  });
  return [...all, ...rest.slice(0, 2)];
}
