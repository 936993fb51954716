import { expect, it } from "vitest";
import { explain } from "../../src/cli/failure.ts";
import { Interrupted } from "../../src/cli/stop-signal.ts";

it("tells of Ctrl-C also where something could not be freed behind it", async () => {
  const stopped = async () => {
    await using _ = {
      async [Symbol.asyncDispose]() {
        throw new Error("Expected to close the file");
      },
    };
    throw new Interrupted();
  };
  const error: unknown = await stopped().catch((cause: unknown) => cause);
  expect(explain(error)).toEqual({ lines: ["Stopped by Ctrl-C"], exitCode: 130 });
});
