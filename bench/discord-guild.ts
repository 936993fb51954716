import type {
  Answered,
  AnswerRequest,
  AnswerWaiting,
  CalibrationReport,
  CalibrationRequest,
  CalibrationWaiting,
  Inference,
  JudgeRequest,
  JudgesRequest,
  KnownJudge,
  Load,
  TextVerdict,
} from "../src/bots/guard/index.ts";
import type { Person } from "../test/support/discord/people/person.ts";
import type { RestRequest } from "../test/support/discord/rest/rest-request.ts";
import { Scene } from "../test/support/discord-scene.ts";

/** One question, from its message to its answer's. */
export interface Asked {
  readonly seconds: number;
  /** Until the bot gives any sign in the channel, such as that it writes. */
  readonly signSeconds: number;
  /** What is left without the model: neither its answer, nor waiting for it, nor its last verdict. */
  readonly ownMs: number;
}

/** The same model; how long each question of it takes is written down. */
class TimedInference implements Inference {
  readonly model: string;
  /** By the last line of the conversation. */
  readonly spentMs = new Map<string, number>();
  readonly #inference: Inference;

  constructor(inference: Inference) {
    this.#inference = inference;
    this.model = inference.model;
  }

  answer(request: AnswerRequest, waiting?: AnswerWaiting): Promise<Answered> {
    return this.#timed(request.turns.at(-1)?.text ?? "", () => this.#inference.answer(request, waiting));
  }

  judge(request: JudgeRequest, signal?: AbortSignal): Promise<readonly TextVerdict[]> {
    return this.#timed(request.turns.at(-2)?.text ?? "", () => this.#inference.judge(request, signal));
  }

  judges(request: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]> {
    return this.#inference.judges(request, signal);
  }

  calibrate(request: CalibrationRequest, waiting?: CalibrationWaiting): Promise<CalibrationReport> {
    return this.#inference.calibrate(request, waiting);
  }

  forgetGuild(guild: string): Promise<void> {
    return this.#inference.forgetGuild(guild);
  }

  load(): Promise<Load> {
    return this.#inference.load();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  async #timed<Result>(question: string, work: () => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.spentMs.set(question, (this.spentMs.get(question) ?? 0) + performance.now() - begun);
    }
  }
}

/** For an answer of a real model behind those of many others. */
const PATIENCE_MS = 600_000;

/** A guild in which so many people ask, each in a channel of their own. */
export class BusyGuild implements AsyncDisposable {
  readonly #scene: Scene;
  readonly #inference: TimedInference;
  readonly #people: readonly Person[];
  /** Numbers the questions: their times are told apart by their words. */
  #asked = 0;

  static async open(inference: Inference, people: number): Promise<BusyGuild> {
    const timed = new TimedInference(inference);
    const scene = await Scene.open(timed, { talk: { guildDailyCap: 0 } }, { platform: { patienceMs: PATIENCE_MS } });
    for (let index = 0; index < people; index++) {
      scene.guild.addChannel({ name: `channel-${index}` });
      scene.guild.addMember({ name: `Person ${index}` });
    }
    await scene.platform.idle();
    return new BusyGuild(scene, timed, people);
  }

  private constructor(scene: Scene, inference: TimedInference, people: number) {
    this.#scene = scene;
    this.#inference = inference;
    this.#people = Array.from({ length: people }, (_, index) => scene.guild.person(`Person ${index}`));
  }

  get leaks(): number {
    return this.#scene.running.bot.leaks;
  }

  /** Each person takes the next question when the last one is answered. */
  async ask(questions: readonly string[]): Promise<readonly Asked[]> {
    const left = questions.map((text) => `${text} (${this.#asked++})`);
    const asked: Asked[] = [];
    const askOn = async (person: Person, index: number) => {
      for (let text = left.shift(); text !== undefined; text = left.shift()) asked.push(await this.#one(person, index, text));
    };
    await Promise.all(this.#people.map(askOn));
    await this.#scene.running.bot.idle();
    return asked;
  }

  /** Drops what is only remembered to be looked at. */
  forget(): void {
    this.#scene.running.forget();
    this.#inference.spentMs.clear();
  }

  async #one(person: Person, index: number, text: string): Promise<Asked> {
    const { platform, guild } = this.#scene;
    const channel = guild.channel(`channel-${index}`);
    const before = platform.requests.length;
    const isSign = ({ method, path }: RestRequest) => method === "POST" && path.startsWith(`/channels/${channel.id}/`);
    const begun = performance.now();
    const question = person.says(channel, this.#scene.mention(text));
    await platform.until(() => platform.requests.slice(before).some(isSign));
    const signMs = performance.now() - begun;
    const reply = await platform.replyTo(question);
    await platform.until(() => !/^\d+ questions are before yours\.$/.test(reply.content));
    const ms = performance.now() - begun;
    return { seconds: ms / 1000, signSeconds: signMs / 1000, ownMs: ms - (this.#inference.spentMs.get(text) ?? 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scene[Symbol.asyncDispose]();
  }
}
