/** A conversation with this server. It shows judged text as it is released, each rewind as it happens, and what the answer cost. */
const at = (id) => document.getElementById(id);
const [talk, form, words, send, stop, reset, key, keyed] = ["talk", "ask", "words", "send", "stop", "reset", "key", "keyed"].map(at);
let messages = [];
let asking;

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  // Never as HTML: whatever a model writes is text.
  made.textContent = text;
  return made;
}

function headers() {
  return { "content-type": "application/json", ...(key.value === "" ? {} : { authorization: `Bearer ${key.value}` }) };
}

async function showModel() {
  const response = await fetch("v1/models", { headers: headers() });
  keyed.hidden = response.status !== 401 && keyed.hidden;
  if (!response.ok) return;
  const { data } = await response.json();
  at("model").textContent = data[0].id;
}

/** Each event of the answer, once all of it came. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const parts = (rest + next.value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) if (part.startsWith("data: ") && part !== "data: [DONE]") yield JSON.parse(part.slice("data: ".length));
  }
}

function showRewind(list, { value, committed, discarded }) {
  const text = `${value.toFixed(2)}, back to ${committed}`;
  const item = element("li", "", discarded === undefined ? text : `${text}: `);
  if (discarded !== undefined) item.append(element("span", "left", discarded));
  list.append(item);
}

function accountOf({ mode, value, rewinds, evaluations, forward_tokens, discarded_tokens, refused }, usage) {
  const judged = value === null ? (refused ? "a refusal" : "unjudged") : `judged ${value.toFixed(2)}`;
  const perToken = (forward_tokens / Math.max(1, usage.completion_tokens)).toFixed(2);
  return `${mode}, ${judged}; ${rewinds} rewinds, ${evaluations} evaluations, ${discarded_tokens} tokens left, ${perToken} computed for each written one`;
}

function showJudge(judge) {
  if (judge?.fitness == null) return;
  const { judge: name, auroc, low, high, n } = judge.fitness;
  const fit = judge.isFit ? "" : ", no fit judge";
  at("judge").textContent = `Judge: ${name}, AUROC ${auroc.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)}) on ${n} answers${fit}`;
  at("judge").hidden = false;
}

async function ask(text) {
  const answer = element("article", "answer");
  const [said, rewinds, account] = [element("p", "said"), element("ul", "rewinds"), element("p", "account", "…")];
  answer.append(said, rewinds, account);
  const question = element("article", "asked");
  question.append(element("p", "", text));
  talk.append(question, answer);
  asking = new AbortController();
  const asked = [...messages, { role: "user", content: text }];
  const body = { messages: asked, stream: true, stream_options: { include_usage: true }, rain: { events: true } };
  try {
    const response = await fetch("v1/chat/completions", {
      method: "POST",
      headers: headers(),
      body: JSON.stringify(body),
      signal: asking.signal,
    });
    keyed.hidden = response.status !== 401 && keyed.hidden;
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const event of eventsOf(response.body)) {
      if (event.error !== undefined) throw new Error(event.error.message);
      if (event.object === "rain.event") showRewind(rewinds, event);
      said.textContent += event.choices?.[0]?.delta.content ?? "";
      if (event.rain === undefined) continue;
      account.textContent = accountOf(event.rain, event.usage);
      showJudge(event.rain.judge);
    }
    messages = [...asked, { role: "assistant", content: said.textContent }];
  } catch (error) {
    account.replaceWith(element("p", "failed", error.name === "AbortError" ? "Stopped." : error.message));
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = words.value.trim();
  if (text === "") return;
  words.value = "";
  [send.hidden, stop.hidden] = [true, false];
  await ask(text);
  [send.hidden, stop.hidden] = [false, true];
  words.focus();
});
words.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!send.hidden) form.requestSubmit();
});
stop.addEventListener("click", () => asking?.abort());
reset.addEventListener("click", () => {
  asking?.abort();
  messages = [];
  talk.replaceChildren();
});
key.addEventListener("change", showModel);
await showModel();
