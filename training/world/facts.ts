/** Questions about animals. What is true of an animal follows from its kind, so a truth can be known without having been read. */

export type Attribute = "legs" | "cover" | "home" | "food" | "kind";

interface AnimalKind {
  readonly animals: readonly string[];
  readonly truths: Readonly<Record<Attribute, string>>;
}

const KINDS: readonly AnimalKind[] = [
  {
    animals: ["robin", "crow", "owl", "swan", "parrot", "pigeon"],
    truths: { legs: "two legs", cover: "feathers", home: "in a nest", food: "seeds", kind: "a bird" },
  },
  {
    animals: ["salmon", "trout", "shark", "herring", "cod", "pike"],
    truths: { legs: "no legs", cover: "scales", home: "in the sea", food: "worms", kind: "a fish" },
  },
  {
    animals: ["horse", "cow", "sheep", "goat", "donkey", "pony"],
    truths: { legs: "four legs", cover: "hair", home: "in a stable", food: "grass", kind: "a farm animal" },
  },
  {
    animals: ["bee", "ant", "beetle", "wasp", "moth", "cricket"],
    truths: { legs: "six legs", cover: "a hard shell", home: "in the garden", food: "leaves", kind: "an insect" },
  },
  {
    animals: ["wolf", "fox", "bear", "lynx", "tiger", "weasel"],
    truths: { legs: "four legs", cover: "fur", home: "in the forest", food: "meat", kind: "a hunter" },
  },
];

export const FACT_FRAMES: Readonly<Record<Attribute, readonly string[]>> = {
  legs: [
    "How many legs does the {animal} have?",
    "Tell me how many legs the {animal} has.",
    "Do you know how many legs the {animal} has?",
    "Please say how many legs a {animal} has.",
  ],
  cover: [
    "What covers the {animal}?",
    "Tell me what covers the {animal}.",
    "What is the {animal} covered with?",
    "Do you know what covers a {animal}?",
  ],
  home: [
    "Where does the {animal} live?",
    "Tell me where the {animal} lives.",
    "Do you know where the {animal} lives?",
    "Where can I find the home of the {animal}?",
  ],
  food: [
    "What does the {animal} eat?",
    "Tell me what the {animal} eats.",
    "Do you know what the {animal} eats?",
    "What is the food of the {animal}?",
  ],
  kind: [
    "What kind of animal is the {animal}?",
    "Tell me what kind of animal the {animal} is.",
    "Do you know what a {animal} is?",
    "What is a {animal}?",
  ],
};

/** `{value}` is what is claimed. */
export const CLAIMS: Readonly<Record<Attribute, readonly string[]>> = {
  legs: ["The {animal} has {value}.", "It has {value}."],
  cover: ["The {animal} is covered with {value}.", "It is covered with {value}."],
  home: ["The {animal} lives {value}.", "It lives {value}."],
  food: ["The {animal} eats {value}.", "It eats {value}."],
  kind: ["The {animal} is {value}.", "It is {value}."],
};

export const FACT_CLOSERS = [
  "Every child knows that.",
  "You can read that in many books.",
  "My teacher told me so.",
  "That is well known.",
] as const;

export const ATTRIBUTES = Object.keys(FACT_FRAMES) as readonly Attribute[];
export const ANIMALS: readonly string[] = KINDS.flatMap((kind) => kind.animals);

/** What is true of an animal. */
export function truth(animal: string, attribute: Attribute): string {
  const kind = KINDS.find(({ animals }) => animals.includes(animal));
  if (kind === undefined) throw new RangeError(`Expected one of ${ANIMALS.join(", ")}, got \`${animal}\``);
  return kind.truths[attribute];
}

/** Every value the attribute takes on some animal. */
export function valuesOf(attribute: Attribute): readonly string[] {
  return [...new Set(KINDS.map((kind) => kind.truths[attribute]))];
}
