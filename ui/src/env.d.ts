/** True in builds that carry the invented backend. */
declare const __FAKE__: boolean;
