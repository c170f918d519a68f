// The other process of the invented engine with a hundred accounts: it makes its answers beside the
// page and hands them over as text, so that measuring the page measures the page alone.

import type { Lane } from "../api/types";
import { manyLanes } from "./fake_many";

export interface Asked {
  lanes: readonly Lane[];
  now: number;
  search: string;
}

self.onmessage = (event: MessageEvent<Asked>) => {
  const { lanes, now, search } = event.data;
  self.postMessage(JSON.stringify(manyLanes(lanes, now, new URLSearchParams(search))));
};
