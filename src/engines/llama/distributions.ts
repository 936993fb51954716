import type { Call, Passage } from "../../core/engine.ts";
import { claimOne, type Hosts } from "./claim-many.ts";

/** What is expected in the place of each token. The last one is not computed: nothing behind it is asked about. */
export async function distributions(hosts: Hosts, { prefix, tokens, isAfresh = false }: Passage, call: Call): Promise<Float32Array[]> {
  const { decoder, pool } = hosts;
  decoder.ensureRoom(prefix.length + tokens.length - 1);
  const before = prefix.slice(0, -1);
  // A slot for a prefix of nothing is an empty one.
  const slot = await claimOne(hosts, { prefix: isAfresh ? [] : before, wanted: undefined }, call.signal);
  try {
    await decoder.read([{ prefix: before, slot, wanted: undefined }], call);
    return await decoder.readEach(slot, [...prefix.slice(-1), ...tokens.slice(0, -1)], call);
  } finally {
    pool.release(slot);
  }
}
