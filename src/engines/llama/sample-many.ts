import type { Call, Continuation, SampledToken, Token } from "../../core/engine.ts";
import { drawToken } from "../../core/sampler.ts";
import { claimMany, type Hosts, releaseAll, type SlotRequest, seated } from "./claim-many.ts";
import type { BatchRow } from "./decoder.ts";
import { candidatesIn, type Outlook, wantedFor, wider } from "./outlook.ts";
import type { Wanted } from "./slot.ts";

/** One continuation and what it has drawn. */
interface Member {
  readonly continuation: Continuation;
  readonly drawn: SampledToken[];
  readonly tokens: Token[];
}

/** Continuations that have drawn the same tokens so far, under the same format: they share a slot until they part. */
interface Branch extends SlotRequest {
  readonly wanted: Wanted;
  readonly outlook: Outlook;
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
  let branches = startingBranches(hosts, members);
  try {
    while (branches.length > 0) {
      await claimMany(hosts, branches, call);
      for (const branch of branches) if (branch.slot !== undefined) branch.slot = await hosts.pool.goOn(branch.slot);
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

function startingBranches(hosts: Hosts, members: readonly Member[]): Branch[] {
  const alike = groupBy(members, ({ continuation }) => continuation.prefix.join(" "))
    .flatMap((group) => groupBy(group, ({ continuation }) => continuation.format?.schema))
    .flatMap((group) => groupBy(group, ({ continuation }) => continuation.formatStart));
  return alike.map((group) => {
    const [{ continuation }] = group as [Member];
    return branchOf(hosts, { prefix: continuation.prefix, members: group, text: hosts.formats.begin(continuation), slot: undefined });
  });
}

type Parting = Pick<Branch, "prefix" | "members" | "slot"> & Pick<Outlook, "text">;

function branchOf({ vocabularySize }: Hosts, { text, ...parting }: Parting): Branch {
  const outlook = { topK: Math.max(...parting.members.map(({ continuation }) => continuation.sampling.topK)), text };
  return { ...parting, outlook, wanted: wantedFor(outlook, vocabularySize) };
}

/**
 * Each member draws its next token. Those that drew the same one stay together; the first of the groups keeps the slot. Where too
 * little was read for that, the branch reads more.
 */
function advance(hosts: Hosts, branch: Branch & BatchRow, isEnd: Sampling["isEnd"]): Branch[] {
  const { prefix, members, slot, wanted, outlook } = branch;
  const { vocabularySize } = hosts;
  const candidates = candidatesIn(outlook, { slot, wanted, vocabularySize });
  if (candidates === undefined) {
    releaseAll(hosts.pool, [branch]);
    return [{ ...branch, slot: undefined, wanted: wider(wanted, vocabularySize) }];
  }
  for (const member of members) {
    const { sampling } = member.continuation;
    const sampled = drawToken(candidates.slice(0, sampling.topK), prefix.length, sampling);
    member.drawn.push(sampled);
    member.tokens.push(sampled.token);
  }
  const going = members.filter((member) => !hasEnded(member, isEnd));
  if (going.length === 0) releaseAll(hosts.pool, [branch]);
  return groupBy(going, ({ tokens }) => tokens.at(-1) as Token).map((group, index) => {
    const token = group[0]?.tokens.at(-1) as Token;
    const kept = index === 0 ? slot : undefined;
    return branchOf(hosts, { prefix: [...prefix, token], members: group, text: outlook.text?.after(token), slot: kept });
  });
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
