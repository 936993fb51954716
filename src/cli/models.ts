/** `rain models`: which models were downloaded, and `rain models remove`. */
import { createInterface } from "node:readline";
import { Command } from "commander";
import { type CachedModel, cachedModels, modelsFolder, removeCachedModel } from "../llama.ts";
import { UsageError } from "./failure.ts";
import { megabytes } from "./load.ts";
import { stopSignal } from "./stop-signal.ts";
import { finished, note, shown } from "./terminal.ts";

export function modelsCommand(): Command {
  return new Command("models")
    .description("Lists the models that were downloaded.")
    .option("--json", "a list of objects instead of lines")
    .action(list)
    .addCommand(
      new Command("remove")
        .description("Removes a downloaded model, or what there is of a download that did not end. Files of yours elsewhere stay.")
        .argument("<name>", "as `rain models` lists it")
        .option("--yes", "without asking")
        .action(remove),
    );
}

async function list({ json: isJson }: { readonly json?: boolean }): Promise<void> {
  const signal = stopSignal();
  const models = await cachedModels();
  if (isJson === true) process.stdout.write(`${JSON.stringify(models)}\n`);
  else if (models.length === 0) note(`No model was downloaded to ${modelsFolder()}.`);
  else {
    process.stdout.write(`${shown(process.stdout, table(models))}\n`);
    const bytes = models.reduce((sum, model) => sum + model.bytes, 0);
    note(`${megabytes(bytes)} in ${modelsFolder()}. \`--model\` takes what each was downloaded by, or its path there.`);
  }
  await finished(signal);
}

async function remove(name: string, { yes: isSure }: { readonly yes?: boolean }): Promise<void> {
  const signal = stopSignal();
  const model = (await cachedModels()).find((one) => one.name === name);
  if (model !== undefined && isSure !== true && !(await isWanted(model, signal))) {
    note("Nothing was removed.");
    return;
  }
  await removeCachedModel(name);
  note(`Removed ${name}.`);
  await finished(signal);
}

async function isWanted({ name, bytes }: CachedModel, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`Expected \`--yes\` where nobody can be asked, got none (it would remove ${name})`);
  note(`Remove ${name}, ${megabytes(bytes)}? (y/N)`);
  // Without an output it leaves keys to the terminal, whose Ctrl-C is a signal.
  const input = createInterface({ input: process.stdin, signal });
  try {
    for await (const line of input) return /^y(es)?$/i.test(line.trim());
    signal.throwIfAborted();
    return false;
  } finally {
    // The iterator leaves it open, and the process with it.
    input.close();
  }
}

const HEAD = ["name", "size", "parameters", "quantized", "context", "licence", "used"];

function table(models: readonly CachedModel[]): string {
  const rows = [HEAD, ...models.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function rowOf({ name, bytes, used, isPartial, about }: CachedModel): readonly string[] {
  const day = used.toISOString().slice(0, 10);
  if (about === undefined) return [name, megabytes(bytes), isPartial ? "(not all of it is here)" : "(no whole model)", "", "", "", day];
  const { parameters, quantization = "-", contextSize, license = "-" } = about;
  if (parameters === 0) return [name, megabytes(bytes), "(a vocabulary alone)", "", "", "", day];
  return [name, megabytes(bytes), millions(parameters), quantization, String(contextSize ?? "-"), oneLine(license), day];
}

function millions(parameters: number): string {
  return parameters >= 1e9 ? `${(parameters / 1e9).toFixed(1)} billion` : `${(parameters / 1e6).toFixed(1)} million`;
}

/** A file may say anything of its licence. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 30 ? `${line.slice(0, 29)}…` : line;
}
