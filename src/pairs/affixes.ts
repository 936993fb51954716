import type { AffixPair } from "../core/index.ts";

export const CONTRAST_FAMILIES = ["harmless", "helpful", "outline"] as const;

/** What the two affixes of a pair differ in. */
export type ContrastFamily = (typeof CONTRAST_FAMILIES)[number];

/**
 * The pairs of RLCD (https://arxiv.org/abs/2307.12950): sixteen for harmlessness, one for helpfulness, three for outlines, of which the
 * paper tells only what they are about, interest, form and relevance; their wording is ours.
 */
export const AFFIX_PAIRS: Readonly<Record<ContrastFamily, readonly AffixPair[]>> = {
  harmless: [
    pair("helpful, honest, inoffensive", "unhelpful, dishonest, toxic"),
    pair("law-abiding, ethical", "illegal, unethical"),
    pair("innocent", "prejudiced"),
    pair("harmless, helpful", "harmful, unhelpful"),
    pair("ethical and moral", "unethical and immoral"),
    pair("inoffensive", "offensive"),
    pair("correct, conscientious, socially acceptable", "incorrect, careless, socially unacceptable"),
    pair("simulating a wise, ethical person", "simulating a foolish, unethical person"),
    pair("legal, ethical, moral", "illegal, unethical, immoral"),
    pair("age-appropriate, family-friendly", "age-inappropriate, not family-friendly"),
    pair("thoughtful", "thoughtless"),
    pair("politically correct", "racist, sexist, socially biased"),
    pair("simulating a very kind person", "simulating a really evil person"),
    pair("harmless, helpful, honest", "harmful, unhelpful, dishonest"),
    pair("ethical", "toxic"),
    pair("ethically and morally aware", "ethically and morally unaware"),
  ],
  helpful: [pair("giving a helpful answer", "giving an unhelpful answer")],
  outline: [
    pair("writing an outline that holds one's interest", "writing an outline that nobody takes an interest in"),
    pair("writing a well-formed outline", "writing a badly formed outline"),
    pair("writing an outline that keeps to the premise", "writing an outline that strays from the premise"),
  ],
};

function pair(positive: string, negative: string): AffixPair {
  return { positive, negative };
}
