export { AFFIX_PAIRS, CONTRAST_FAMILIES, type ContrastFamily } from "./affixes.ts";
export { LABELS, type Label, messagesOf, type PairMessage, type PairMetadata, type PreferencePair } from "./preference-pair.ts";
export { differentPrompts, type LeftOut, type Pairing, type PairOutcome, preferencePairs } from "./preference-pairs.ts";
export {
  beforeNextTurn,
  type EngineSimulation,
  engineSimulator,
  NEXT_TURN,
  POLES,
  promptsAtOnce,
  type Simulation,
  type Simulator,
} from "./simulator.ts";
