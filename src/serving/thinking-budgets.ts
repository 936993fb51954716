/** Efforts to think by the names that OpenAI's API and the AI SDK have for them: how many tokens a thought may have. */
export const THINKING_BUDGETS = { minimal: 256, low: 512, medium: 1024, high: 4096, xhigh: 8192, max: 16_384 } as const;
