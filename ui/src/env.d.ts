/** True in builds that carry the invented backend. */
declare const __FAKE__: boolean;

interface Window {
  /** What the system asks for, best first, where the shell says it. */
  systemLanguages?: readonly string[];
}
