import { drawToken } from "../sampler.ts";
import type { Call, Continuation, Prefix, SampledToken, Token } from "./engine.ts";
import { claimMany, type Hosts, releaseAll, type Seat, seated } from "./llama-claim-many.ts";
import type { Reading } from "./llama-decoder.ts";
import type { Slot } from "./llama-slot.ts";

/** One continuation and what it has drawn. */
interface Member {
  readonly continuation: Continuation;
  readonly drawn: SampledToken[];
  readonly tokens: Token[];
}

/** Continuations that have drawn the same tokens so far: they share a slot until they part. */
interface Branch extends Seat {
  readonly wanted: { readonly topK: number };
  readonly members: readonly Member[];
}

interface Sampling {
  readonly continuations: readonly Continuation[];
  readonly isEnd: (token: Token) => boolean;
  readonly call: Call;
}

/**
 * Draws all continuations in lock-step: one token of each in one decode call. Branches for which no slot is free wait until
 * others have ended; then they go on where they were. What is drawn depends on prefix and seed alone, so nobody can tell.
 */
export async function sampleMany(hosts: Hosts, { continuations, isEnd, call }: Sampling): Promise<SampledToken[][]> {
  const members = continuations.map((continuation): Member => ({ continuation, drawn: [], tokens: [] }));
  let branches = startingBranches(members);
  try {
    while (branches.length > 0) {
      await claimMany(hosts, branches, call);
      const ready = seated(branches);
      await hosts.decoder.read(ready, call);
      const waiting = branches.filter(({ slot }) => slot === undefined);
      branches = [...ready.flatMap((branch) => advance(hosts, branch, isEnd)), ...waiting];
    }
  } finally {
    releaseAll(hosts.pool, branches);
  }
  return members.map(({ drawn }) => drawn);
}

function startingBranches(members: readonly Member[]): Branch[] {
  const groups = groupBy(members, ({ continuation }) => continuation.prefix.join(" "));
  return groups.map((group) => branchOf((group[0] as Member).continuation.prefix, group, undefined));
}

function branchOf(prefix: Prefix, members: readonly Member[], slot: Slot | undefined): Branch {
  return { prefix, members, slot, wanted: { topK: Math.max(...members.map(({ continuation }) => continuation.sampling.topK)) } };
}

/** Each member draws its next token. Those that drew the same one stay together; the first of the groups keeps the slot. */
function advance({ pool }: Hosts, branch: Branch & Reading, isEnd: Sampling["isEnd"]): Branch[] {
  const { prefix, members, slot, wanted } = branch;
  const candidates = slot.foresight(prefix.length, wanted.topK) ?? [];
  for (const member of members) {
    const { sampling } = member.continuation;
    const sampled = drawToken(candidates.slice(0, sampling.topK), prefix.length, sampling);
    member.drawn.push(sampled);
    member.tokens.push(sampled.token);
  }
  const going = members.filter((member) => !hasEnded(member, isEnd));
  if (going.length === 0) releaseAll(pool, [branch]);
  const groups = groupBy(going, ({ tokens }) => tokens.at(-1) as Token);
  return groups.map((group, index) => branchOf([...prefix, group[0]?.tokens.at(-1) as Token], group, index === 0 ? slot : undefined));
}

function hasEnded({ continuation: { maxTokens, until }, tokens }: Member, isEnd: Sampling["isEnd"]): boolean {
  return isEnd(tokens.at(-1) as Token) || tokens.length >= maxTokens || until?.(tokens) === true;
}

/** In the order in which the keys first appear. */
function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Item[][] {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
