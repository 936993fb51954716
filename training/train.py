"""Trains the embedded model: a small Llama, from scratch, on the corpus of `corpus.ts`.

    python3 training/train.py CORPUS.jsonl OUT_DIR [--steps N] [--stop N] [--seed S] [--resume] [--rate R]

Needs PyTorch and SentencePiece (Debian: python3-torch python3-sentencepiece libopenblas0-pthread). Writes OUT_DIR/tokenizer.json
(pieces, scores, kinds) and OUT_DIR/weights.bin + weights.json (float32 tensors under their GGUF names), which `export.ts` turns
into a GGUF. Documents are JSON lines of [text, weight] pieces; each piece is encoded on its own, as at inference, where a question
is appended to an answer's tokens.
"""
import argparse, json, math, os, random, time
import numpy as np
import sentencepiece as spm
import torch
import torch.nn as nn
import torch.nn.functional as F

VOCABULARY, WIDTH, LAYERS, HEADS, FEED_FORWARD, ROPE_BASE = 1024, 192, 4, 6, 512, 10000.0
HEAD = WIDTH // HEADS
UNKNOWN, BEGIN, END = 0, 1, 2
# A batch holds documents of one length, and so of few kinds; a step takes several, so that it sees them all.
MICRO_BATCHES = 4
END_TEXT = "</s>"


def train_tokenizer(documents, out):
    """A BPE vocabulary of the corpus. What is not ASCII is left to the byte pieces."""
    sample = os.path.join(out, "tokenizer-sample.txt")
    with open(sample, "w") as file:
        for document in documents[:12000]:
            for text, _ in document:
                for line in text.replace(END_TEXT, "").split("\n"):
                    if line.isascii() and line.strip():
                        file.write(line + "\n")
    spm.SentencePieceTrainer.train(
        input=sample, model_prefix=os.path.join(out, "tokenizer"), model_type="bpe", vocab_size=VOCABULARY, byte_fallback=True,
        unk_id=UNKNOWN, bos_id=BEGIN, eos_id=END, pad_id=-1, add_dummy_prefix=False, remove_extra_whitespaces=False,
        normalization_rule_name="identity", user_defined_symbols=["\n"], split_digits=True, minloglevel=2, num_threads=1)
    os.remove(sample)
    tokenizer = load_tokenizer(out)
    kinds = [2 if tokenizer.is_unknown(i) else 3 if tokenizer.is_control(i) else 6 if tokenizer.is_byte(i) else 4 if tokenizer.id_to_piece(i) == "\n" else 1
             for i in range(tokenizer.get_piece_size())]
    with open(os.path.join(out, "tokenizer.json"), "w") as file:
        json.dump({"pieces": [tokenizer.id_to_piece(i) for i in range(len(kinds))], "scores": [tokenizer.get_score(i) for i in range(len(kinds))], "kinds": kinds}, file)
    return tokenizer


def load_tokenizer(out):
    return spm.SentencePieceProcessor(model_file=os.path.join(out, "tokenizer.model"))


def encode(tokenizer, document):
    """Token ids and, for each, the weight of predicting it."""
    ids, weights = [BEGIN], [0.0]
    for text, weight in document:
        parts = text.split(END_TEXT)
        for index, part in enumerate(parts):
            tokens = tokenizer.encode(part) + ([END] if index + 1 < len(parts) else [])
            ids += tokens
            weights += [weight] * len(tokens)
    return np.array(ids, dtype=np.int64), np.array(weights, dtype=np.float32)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn_norm, self.ffn_norm = nn.Parameter(torch.ones(WIDTH)), nn.Parameter(torch.ones(WIDTH))
        self.attn_q, self.attn_k, self.attn_v, self.attn_output = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
        self.ffn_gate, self.ffn_up = nn.Linear(WIDTH, FEED_FORWARD, bias=False), nn.Linear(WIDTH, FEED_FORWARD, bias=False)
        self.ffn_down = nn.Linear(FEED_FORWARD, WIDTH, bias=False)

    def forward(self, x, cos, sin, mask):
        batch, length, _ = x.shape
        h = rms_norm(x, self.attn_norm)
        q, k, v = (proj(h).view(batch, length, HEADS, HEAD).transpose(1, 2) for proj in (self.attn_q, self.attn_k, self.attn_v))
        scores = (rotate(q, cos, sin) * HEAD ** -0.5) @ rotate(k, cos, sin).transpose(-1, -2) + mask
        h = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, WIDTH)
        x = x + self.attn_output(h)
        h = rms_norm(x, self.ffn_norm)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embd = nn.Embedding(VOCABULARY, WIDTH)
        self.blk = nn.ModuleList(Block() for _ in range(LAYERS))
        self.output_norm = nn.Parameter(torch.ones(WIDTH))
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02 / (math.sqrt(2 * LAYERS) if "output" in name or "down" in name else 1))

    def forward(self, ids):
        length = ids.shape[1]
        angles = torch.arange(length)[:, None] * ROPE_BASE ** (-torch.arange(0, HEAD, 2) / HEAD)
        cos, sin = angles.cos(), angles.sin()
        mask = torch.full((length, length), -1e9).triu(1).to(torch.bfloat16)
        x = self.token_embd(ids)
        for block in self.blk:
            x = block(x, cos, sin, mask)
        return F.linear(rms_norm(x, self.output_norm), self.token_embd.weight)


def rms_norm(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight


def rotate(x, cos, sin):
    """Rotary positions over neighbouring pairs, as llama.cpp's NORM kind does."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def batches(encoded, tokens_per_batch, rng):
    """Batches of documents of like length, in random order, for ever."""
    while True:
        order = sorted(range(len(encoded)), key=lambda i: (len(encoded[i][0]) // 8, rng.random()))
        groups, current = [], []
        for index in order:
            if current and (len(current) + 1) * len(encoded[index][0]) > tokens_per_batch:
                groups.append(current)
                current = []
            current.append(index)
        groups.append(current)
        rng.shuffle(groups)
        for group in groups:
            longest = max(len(encoded[i][0]) for i in group)
            ids, weights = np.full((len(group), longest), END, dtype=np.int64), np.zeros((len(group), longest), dtype=np.float32)
            for row, i in enumerate(group):
                ids[row, : len(encoded[i][0])], weights[row, : len(encoded[i][0])] = encoded[i]
            yield torch.from_numpy(ids), torch.from_numpy(weights)


def save(model, out):
    """Float32 tensors one after another, with a table of their names and shapes."""
    table = []
    with open(os.path.join(out, "weights.bin"), "wb") as file:
        for name, parameter in model.state_dict().items():
            name = name if name.endswith(".weight") else name + ".weight"
            table.append({"name": name, "shape": list(parameter.shape)})
            file.write(parameter.float().numpy().astype("<f4").tobytes())
    with open(os.path.join(out, "weights.json"), "w") as file:
        json.dump({"width": WIDTH, "layers": LAYERS, "heads": HEADS, "feedForward": FEED_FORWARD, "ropeBase": ROPE_BASE, "tensors": table}, file)


def load(model, out):
    """The reverse of `save`."""
    values, offset = np.fromfile(os.path.join(out, "weights.bin"), dtype="<f4"), 0
    with torch.no_grad():
        for parameter in model.state_dict().values():
            parameter.copy_(torch.from_numpy(values[offset : offset + parameter.numel()]).view(parameter.shape))
            offset += parameter.numel()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus"), parser.add_argument("out")
    parser.add_argument("--steps", type=int, default=2400), parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch-tokens", type=int, default=2048), parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--stop", type=int, help="end here, in the middle of the schedule of --steps")
    parser.add_argument("--resume", action="store_true", help="go on from the weights and the tokenizer in OUT_DIR, with a schedule of its own")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    torch.manual_seed(arguments.seed)
    rng = random.Random(arguments.seed)
    with open(arguments.corpus) as file:
        documents = [json.loads(line) for line in file]
    tokenizer = load_tokenizer(arguments.out) if arguments.resume else train_tokenizer(documents, arguments.out)
    encoded = [encode(tokenizer, document) for document in documents]
    print(f"{len(encoded)} documents, {sum(len(ids) for ids, _ in encoded)} tokens", flush=True)
    model = Llama()
    if arguments.resume:
        load(model, arguments.out)
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    decayed = [p for p in model.parameters() if p.dim() == 2]
    plain = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], lr=arguments.rate, betas=(0.9, 0.98))
    stream, started, verdicts = batches(encoded, arguments.batch_tokens, rng), time.time(), []
    for step in range(1, (arguments.stop or arguments.steps) + 1):
        warm = min(1.0, step / 60)
        rate = arguments.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / arguments.steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        losses = []
        micro = [next(stream) for _ in range(MICRO_BATCHES)]
        weight_sum = sum(float(weights[:, 1:].sum()) for _, weights in micro)
        optimizer.zero_grad()
        for ids, weights in micro:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(ids[:, :-1])
            wanted = weights[:, 1:].flatten() > 0
            each = F.cross_entropy(logits.flatten(0, 1)[wanted].float(), ids[:, 1:].flatten()[wanted], reduction="none")
            loss = (each * weights[:, 1:].flatten()[wanted]).sum() / weight_sum
            loss.backward()
            losses.append(float(loss))
            verdict = weights[:, 1:].flatten()[wanted] > 2
            if verdict.any():
                verdicts.append(float(each[verdict].mean()))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 20 == 0 or step == 5:
            print(f"step {step} loss {sum(losses):.3f} verdict {np.mean(verdicts[-80:]):.3f} {(time.time() - started) / step:.2f} s/step", flush=True)
        if step % 200 == 0:
            save(model, arguments.out)
    save(model, arguments.out)


main()
