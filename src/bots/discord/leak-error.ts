import { RainError } from "../../core/index.ts";

/** Something was about to be posted that is neither vetted nor in words of our own. It was not posted. */
export class LeakError extends RainError {}
