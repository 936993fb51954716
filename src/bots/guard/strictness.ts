/** How far a message may go before a principle speaks against it. */
export const STRICTNESS = ["off", "lenient", "medium", "strict"] as const;
export type Strictness = (typeof STRICTNESS)[number];

/** Messages with a value below this are spoken against. Values go from -1 (surely bad) to 1 (surely good). */
const THRESHOLDS: Readonly<Record<Strictness, number>> = { off: Number.NEGATIVE_INFINITY, lenient: -0.6, medium: -0.1, strict: 0.3 };

export function thresholdOf(strictness: Strictness): number {
  return THRESHOLDS[strictness];
}
