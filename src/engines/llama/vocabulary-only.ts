import type { Llama } from "node-llama-cpp";
import { failure } from "./failure.ts";
import { chatTemplate, nameOf, startLlama } from "./load.ts";
import type { LlamaEngineOptions } from "./options.ts";
import { Vocabulary, type VocabularyModel } from "./vocabulary.ts";
import { findVocabularyFile, parametersIn } from "./vocabulary-file.ts";

/** The vocabulary of a model whose numbers are not loaded: some other program computes with them. */
export interface LoadedVocabulary extends AsyncDisposable {
  readonly vocabulary: Vocabulary;
  /** Whether a text is put into another form before it is cut, as some tokenizers do and llama.cpp never does. */
  readonly normalises: boolean;
  /** Without its numbers. */
  readonly model: VocabularyModel;
  /** The model's own name, or its file's. */
  readonly name: string;
  /** Path of the file. */
  readonly file: string;
  readonly bytes: number;
  /** Numbers that the model has learned: `RemoteFacts.parameters`. */
  readonly parameters: number | undefined;
  /** The chat template that the model brought, in Jinja. */
  readonly chatTemplate: string | undefined;
  /** How the file says that the model is to be sampled from. */
  readonly general: object;
}

/**
 * Reads the vocabulary and the chat template out of a GGUF file.
 *
 * @throws {EngineError} as `loadLlamaEngine` does for the same file
 */
export async function loadVocabulary(
  options: Pick<LlamaEngineOptions, "model" | "hub" | "signal" | "onDownload">,
): Promise<LoadedVocabulary> {
  const { model: name = "embedded", hub, signal, onDownload } = options;
  signal?.throwIfAborted();
  let started: Llama | undefined;
  try {
    const start = async () => (started = await startLlama({ gpu: false, threads: 1, signal }));
    const file = await findVocabularyFile({ model: name, hub, signal, onDownload }, start);
    const template = chatTemplate(file.info.metadata.tokenizer?.chat_template);
    const llama = started ?? (await start());
    const loading = signal === undefined ? {} : { loadSignal: signal };
    const model = await llama.loadModel({ modelPath: file.path, vocabOnly: true, gpuLayers: 0, ...loading }).catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw failure("model-unreadable", `llama.cpp to read the vocabulary of \`${name}\``, cause);
    });
    return {
      vocabulary: new Vocabulary(model, template),
      normalises: false,
      model,
      name: nameOf(file),
      file: file.path,
      bytes: file.bytes,
      parameters: parametersIn(file.info) ?? model.fileInsights.totalParameters,
      chatTemplate: file.info.metadata.tokenizer?.chat_template,
      general: file.info.metadata.general,
      async [Symbol.asyncDispose]() {
        await model.dispose();
        await llama.dispose();
      },
    };
  } catch (cause) {
    await started?.dispose();
    throw cause;
  }
}
