#!/usr/bin/env node
import { endWhenStopped } from "./stop-signal.ts";

endWhenStopped();
const { run } = await import("./program.ts");
await run();
