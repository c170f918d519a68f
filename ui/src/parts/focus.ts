// Where the focus goes when what had it is gone: a keyboard begins from the top of the page otherwise.

/** What leads a part: its heading or its first button, marked so in the markup. */
const LEAD = "[data-lead]";
const REACHED =
  'button:not(:disabled, [tabindex="-1"]), input:not(:disabled), select, textarea, summary';
/** The account that arrow keys begin from. */
export const ACCOUNT = 'button.who[tabindex="0"]';

/** For what appears because of what a person just did. */
export function focused(element: HTMLElement): void {
  element.focus();
}

function withAncestors(element: Element | null): Element[] {
  const all: Element[] = [];
  for (let one = element; one; one = one.parentElement) all.push(one);
  return all;
}

function within(part: Element): HTMLElement | null {
  const places = part.contains(document.querySelector(ACCOUNT)) ? [ACCOUNT] : [LEAD, REACHED];
  for (const place of places) {
    const found = part.querySelector<HTMLElement>(place);
    if (found) return found;
  }
  return null;
}

/** Watches a part of the page; returns how to stop. */
export function keepFocus(root: HTMLElement): () => void {
  let trail: Element[] = [];
  const remember = (event: FocusEvent) => {
    trail = withAncestors(event.target as Element);
  };
  const look = new MutationObserver(() => {
    if (document.activeElement !== document.body || !trail[0] || trail[0].isConnected) return;
    for (const part of trail) {
      const next = part.isConnected && root.contains(part) ? within(part) : null;
      if (next) return next.focus();
    }
  });
  root.addEventListener("focusin", remember);
  look.observe(root, { childList: true, subtree: true });
  return () => {
    root.removeEventListener("focusin", remember);
    look.disconnect();
  };
}
