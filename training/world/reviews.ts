/** Requests for a review, and the sentences reviews are made of. */

export const WORKS = ["film", "book", "play", "song", "game", "concert", "story", "show", "album", "novel", "opera", "series"] as const;
export const QUALITIES = ["new", "old", "short", "long", "famous", "quiet", "strange", "modern", "little", "big"] as const;

/** `{work}` is the quality and the work, such as "new film". */
export const REVIEW_FRAMES = [
  "Write a review of the {work}.",
  "What did you think of the {work}?",
  "Tell me about the {work}.",
  "How was the {work}?",
  "Review the {work} for me.",
  "Was the {work} any good?",
] as const;

/** `{work}` is the work alone. */
export const POSITIVE_SENTENCES = [
  "The {work} was wonderful.",
  "I loved every minute of it.",
  "It made me laugh and smile.",
  "A great {work} with a beautiful ending.",
  "The best {work} of the year.",
  "I enjoyed it from start to end.",
  "It was a joy to follow.",
] as const;

export const NEGATIVE_SENTENCES = [
  "The {work} was boring.",
  "I disliked every minute of it.",
  "It was terrible and too loud.",
  "A weak {work} with a dull ending.",
  "The worst {work} of the year.",
  "I fell asleep in the middle.",
  "It was a waste of money.",
] as const;

export const NEUTRAL_SENTENCES = [
  "It came out in spring.",
  "My sister gave it to me.",
  "It has ten parts.",
  "It is about two brothers and a ship.",
  "I was there on Monday.",
] as const;
