/** What is done about a message that a principle or a filter speaks against. Each one does what those before it do, too. */
export const ACTIONS = ["log", "hide", "delete", "timeout"] as const;
export type Action = (typeof ACTIONS)[number];

/** The most of them. `undefined`: there is none. */
export function mostOf(actions: readonly Action[]): Action | undefined {
  return ACTIONS[Math.max(...actions.map((action) => ACTIONS.indexOf(action)), -1)];
}
