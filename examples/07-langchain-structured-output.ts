// Answers that keep a schema while they are written, so that they always parse; each is judged as a whole before it is released.
import { ChatRain } from "rain-align/langchain";
import { z } from "zod";

// The embedded model has never seen JSON, so its words are a matter of luck here; their form is not.
await using model = new ChatRain({ model: "embedded", threshold: -1 });

const review = z.object({
  work: z.enum(["film", "book", "play"]).describe("What is reviewed."),
  stars: z.number().int().min(1).max(5),
  recommended: z.boolean(),
});

const answer = await model.withStructuredOutput(review).invoke("Write a review of the old film.");
console.log(answer.work, answer.stars, answer.recommended);

// The same through a tool's arguments, with the message that it was read from.
const { raw, parsed } = await model
  .withStructuredOutput(review, { method: "functionCalling", includeRaw: true })
  .invoke("Write a review of the old book.");
console.log(parsed, raw.response_metadata["finish_reason"]);
