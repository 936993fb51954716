import { afterAll } from "vitest";
import { loadLlamaEngine } from "../../src/llama.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";
import { describeEngine } from "./engine-contract.ts";

const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ message.role + ': ' + message.content + eos_token }}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const plain = writeTinyModel(`${folder.path}/plain.gguf`);
const chat = writeTinyModel(`${folder.path}/chat.gguf`, { chatTemplate: CHAT_TEMPLATE });
const window = writeTinyModel(`${folder.path}/window.gguf`, { architecture: "gemma3" });
const recurrent = writeTinyModel(`${folder.path}/recurrent.gguf`, { architecture: "mamba2" });

describeEngine("The llama engine", () => loadLlamaEngine({ model: plain, gpu: false }));
describeEngine("The llama engine with a chat template", () => loadLlamaEngine({ model: chat, gpu: false }));
describeEngine("The llama engine with two sequences", () => loadLlamaEngine({ model: plain, gpu: false, sequences: 2 }), {
  countsCache: false,
});
describeEngine("The llama engine with a sliding window", () => loadLlamaEngine({ model: window, gpu: false }));
describeEngine("The llama engine with a recurrent model", () => loadLlamaEngine({ model: recurrent, gpu: false }), { canDropOne: false });
describeEngine("The llama engine with the embedded model", () => loadLlamaEngine({ model: "embedded", gpu: false, threads: 1 }));
