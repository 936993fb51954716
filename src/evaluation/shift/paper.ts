import type { Shift } from "./place.ts";

/** From section 2 of the URIAL paper (arXiv 2312.01552), for orientation. */
export const PAPER: { readonly about: string; readonly shares: Readonly<Record<Shift, number>> } = {
  about: "Llama-2-7b to its chat model (URIAL paper)",
  shares: { unshifted: 0.777, marginal: 0.145, shifted: 0.078 },
};
