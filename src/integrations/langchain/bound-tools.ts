import type { BindToolsInput } from "@langchain/core/language_models/chat_models";
import { RunnableBinding } from "@langchain/core/runnables";
import { OptionError } from "../../core/index.ts";
import { type ChatRunnable, isChatModel } from "./chat-call.ts";

/**
 * The same chat model with tools bound to it, also behind options that are bound already. Without tools any model will do: agents
 * bind an empty list.
 *
 * @throws {OptionError} when there are tools and the model takes none
 */
export function bindToolsTo(model: ChatRunnable, tools: BindToolsInput[], options: object | undefined): ChatRunnable {
  if (isChatModel(model) && model.bindTools !== undefined) return model.bindTools(tools, options);
  if (model instanceof RunnableBinding) {
    const { kwargs, config, configFactories } = model;
    const bound = bindToolsTo(model.bound, tools, options);
    return new RunnableBinding({
      bound: bound as RunnableBinding<unknown, unknown>["bound"],
      config,
      ...(kwargs === undefined ? {} : { kwargs }),
      ...(configFactories === undefined ? {} : { configFactories }),
    }) as ChatRunnable;
  }
  if (tools.length === 0) return model;
  const name = model.getName();
  throw new OptionError(
    "tools",
    `Expected \`${name}\` to take tools, got a model without \`bindTools\` (leave the tools out, or take another model)`,
    tools,
  );
}
