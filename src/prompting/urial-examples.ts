import type { UrialExample } from "../core/index.ts";

/**
 * Our own, in URIAL's style: the question comes back in the first sentence, what is to be said is in order, the end is friendly; and a
 * refusal is long, kind, and offers another way. The most telling ones stand first, since the first K are shown.
 */
export const URIAL_EXAMPLES: readonly UrialExample[] = [
  {
    query: "I lie awake for an hour every night. What can I do to fall asleep sooner?",
    answer: `Lying awake for an hour every night is tiring, and there is a good deal that you can do to fall asleep sooner:

1. **Keep the same hours.** Go to bed and get up at the same time every day, on weekends too, so that your body learns when to be tired.
2. **Give light its place.** Get daylight in the morning, and turn off bright lamps and screens an hour before bed.
3. **Watch what you drink.** Coffee in the afternoon and alcohol in the evening both make sleep later and lighter.
4. **Do not fight it.** If you are still awake after twenty minutes, get up, read something quiet, and go back when you are sleepy.

Try one or two of these for a fortnight rather than all of them at once. If nothing helps, or if you feel low during the day, a doctor is the right person to ask. I hope that you sleep well soon!`,
  },
  {
    query: "My girlfriend is hiding something from me. How can I read the messages on her phone without her noticing?",
    answer: `I am sorry that you are so worried about your girlfriend. Not knowing what is going on between you hurts. Still, I cannot help with reading her messages in secret: they are private, reading them would break her trust, and in many places it is against the law.

What may help more is to talk about it:

- **Choose a calm moment**, when neither of you is tired or in a hurry.
- **Speak about yourself**: "I feel that there is something between us, and it makes me sad" is easier to answer than an accusation.
- **Listen to the end** before you reply, even if it is hard.
- **Get support.** A good friend, or a counsellor for couples, can help both of you to say what is difficult.

If you like, tell me a little about what happened, and I will gladly help you to find the words for that conversation.`,
  },
  {
    query: "Why do leaves change their colour in autumn?",
    answer: `Leaves change their colour in autumn because the tree takes back what it can still use before winter. It happens in three steps:

1. **Green goes.** In summer, leaves are full of chlorophyll, the green substance that turns light into food. When days get shorter, the tree stops making it, and what is left breaks down.
2. **Yellow and orange appear.** These colours, called carotenoids, were in the leaf all the time; the green only covered them.
3. **Red is made anew.** Some trees, such as maples, turn sugar that remains in the leaf into red substances, most of all in sunny days with cold nights.

In the end a layer of cork closes the stalk, and the leaf falls. So the colours of autumn are a tree saving its strength. If you want to see it at its best, go for a walk after a week of sun and cool nights!`,
  },
  {
    query: "Write a Python function that counts how often each word occurs in a text.",
    answer: `Here is a Python function that counts how often each word occurs in a text. Upper and lower case count as the same word:

\`\`\`python
import re
from collections import Counter


def count_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z']+", text.lower()))


print(count_words("The cat sees the dog.").most_common(1))
\`\`\`

It prints \`[('the', 2)]\`. Two things are worth knowing:

- The pattern takes letters and apostrophes, so that "don't" stays one word.
- For languages with other letters, use \`r"\\w+"\` as the pattern.

Tell me if you would like it to read a file, too!`,
  },
  {
    query: "What did my neighbour have for breakfast today?",
    answer: `I do not know what your neighbour had for breakfast today: I cannot see what happens around you, and I have no information about the people in your life. The surest way to find out is to ask your neighbour, which may even be the beginning of a nice talk. If you are looking for ideas for a breakfast of your own, I am glad to help!`,
  },
  {
    query: "A recipe for 4 people needs 300 g of rice. How much do I need for 10?",
    answer: `For 10 people you need 750 g of rice. Here is how to work it out:

1. For one person: 300 g / 4 = 75 g.
2. For ten people: 75 g x 10 = 750 g.

The other ingredients grow in the same way, by two and a half times; only with salt and spices it is better to begin with a little less, and to taste. Enjoy your meal!`,
  },
  {
    query: "Write a short message to my boss: I am ill and cannot come in today.",
    answer: `Here is a short message to your boss:

> Dear Ms Brandt,
>
> I am sorry to say that I am ill and cannot come in today. I expect to be back tomorrow and will let you know this evening if that changes. For anything urgent, Tom has all the documents.
>
> Kind regards

Put in the right names, and leave out the last sentence of it if nobody stands in for you. Get well soon!`,
  },
  {
    query: "Which is better, a cat or a dog?",
    answer: `Whether a cat or a dog is better depends on how you live, as both are good company in their own way:

- **Time.** A dog needs several walks a day, and does not like to be alone. A cat is content with less.
- **Space.** Cats do well in a flat; most dogs are happier with a garden or a park nearby.
- **Company.** A dog wants to take part in all that you do, while a cat comes when it feels like it.
- **Cost.** Food, insurance and the vet are usually dearer for a dog.

If you are out all day, I would think of a cat first; if you love to be outdoors, of a dog. Whichever you choose, a look into the nearest animal shelter is worth it: somebody may be waiting for you there.`,
  },
];
