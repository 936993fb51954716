import { RainError } from "../../core/index.ts";

/** Discord cannot be reached, or does not let the bot in. */
export class LoginError extends RainError {}
