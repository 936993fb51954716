/** Messages that are one matter: those of one person within a while, or in a raid those of many newcomers. */

/** Since the last message of it. */
const WHILE_MS = 10 * 60_000;

/** More newcomers than this within a while are a raid. */
const MOST_NEWCOMERS = 4;

/** Since they joined. */
const NEWCOMER_MS = 24 * 3_600_000;

/** What a card can stand for. */
const MOST_MESSAGES = 200;

/** What is remembered at most, of each kind; of what is forgotten, the next message has a card of its own. */
const MOST_REMEMBERED = 10_000;

/** A message that a principle speaks against, as far as it matters here. */
export interface Sighting {
  readonly guild: string;
  readonly author: string;
  /** When its author joined, as far as that is known. */
  readonly joinedAt: number | undefined;
  /** What is done about it: what one decision is to be about is treated alike. */
  readonly treatment: string;
  readonly at: number;
}

interface Matter {
  readonly incident: number;
  readonly at: number;
  readonly count: number;
}

/** Which messages share a card, a decision and a private message. It is kept in memory: after a restart new cards begin. */
export class Incidents {
  readonly #ofPerson = new Map<string, Matter>();
  readonly #raids = new Map<string, Matter>();
  readonly #newcomers = new Map<string, Map<string, number>>();
  readonly #told = new Set<string>();

  /** The incident to which a message belongs, if one that is open does. */
  async find(sighting: Sighting, isOpen: (incident: number) => Promise<boolean>): Promise<number | undefined> {
    const person = this.#ofPerson.get(personOf(sighting));
    const raid = isNewcomer(sighting) ? this.#raids.get(placeOf(sighting)) : undefined;
    for (const matter of [person, raid]) {
      if (matter === undefined || sighting.at - matter.at > WHILE_MS || matter.count >= MOST_MESSAGES) continue;
      if (await isOpen(matter.incident)) return matter.incident;
    }
    return undefined;
  }

  add(sighting: Sighting, incident: number): void {
    const count = (before: Matter | undefined) => (before?.incident === incident ? before.count + 1 : 1);
    const person = personOf(sighting);
    remember(this.#ofPerson, person, { incident, at: sighting.at, count: count(this.#ofPerson.get(person)) });
    if (!isNewcomer(sighting)) return;
    const place = placeOf(sighting);
    const newcomers = this.#newcomers.get(sighting.guild) ?? new Map<string, number>();
    remember(newcomers, sighting.author, sighting.at);
    for (const [author, at] of newcomers) if (sighting.at - at > WHILE_MS) newcomers.delete(author);
    remember(this.#newcomers, sighting.guild, newcomers);
    const raid = this.#raids.get(place);
    const isOn = raid !== undefined && sighting.at - raid.at <= WHILE_MS;
    if (raid?.incident === incident || (!isOn && newcomers.size > MOST_NEWCOMERS))
      remember(this.#raids, place, { incident, at: sighting.at, count: count(raid) });
  }

  /** Whether a person is still to be told of an incident: once. */
  isFirstTold({ guild, author }: Pick<Sighting, "guild" | "author">, incident: number): boolean {
    const told = `${guild}/${incident}/${author}`;
    if (this.#told.has(told)) return false;
    this.#told.add(told);
    const [oldest] = this.#told;
    if (this.#told.size > MOST_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }
}

/** Whether its author has joined lately. */
export function isNewcomer({ joinedAt, at }: Pick<Sighting, "joinedAt" | "at">): boolean {
  return joinedAt !== undefined && at - joinedAt < NEWCOMER_MS;
}

function placeOf({ guild, treatment }: Sighting): string {
  return `${guild}/${treatment}`;
}

function personOf(sighting: Sighting): string {
  return `${placeOf(sighting)}/${sighting.author}`;
}

/** As the newest; the oldest is forgotten where there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_REMEMBERED && oldest !== undefined) map.delete(oldest);
}
