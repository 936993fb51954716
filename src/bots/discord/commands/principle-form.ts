import { type ChatInputCommandInteraction, ComponentType, type ModalSubmitInteraction, TextInputStyle } from "discord.js";
import { checkSettings } from "../../guard/settings-problems.ts";
import type { Parts } from "../parts.ts";
import { within } from "../within.ts";
import { changeSettings } from "./change-settings.ts";
import { answerPrivately, type Component, checkManages, guildOf, Refused } from "./command.ts";

const PRINCIPLE = "principle";

const FIELDS = [
  { name: "name", label: "Name", hint: "polite", longest: 32 },
  { name: "question", label: "Question about a message", hint: "Is the message polite?", longest: 200 },
  { name: "good", label: "What a good one is, in a word", hint: "polite", longest: 60 },
  { name: "bad", label: "What a bad one is, in a word", hint: "rude", longest: 60 },
] as const;

/** Discord waits three seconds for a form, and unlike an answer it cannot be announced. */
const PATIENCE_MS = 2000;

/** Opens a form for a principle in plain words: for a new one, or with what a known one says. */
export async function openPrincipleForm(interaction: ChatInputCommandInteraction, { store, door }: Parts): Promise<void> {
  const guild = guildOf(interaction);
  const name = interaction.options.getString("name") ?? "";
  const principles = name === "" ? {} : (await within(PATIENCE_MS, store.settings(guild)))?.settings.principles;
  if (principles === undefined) throw new Refused("I could not look up what the principle says now. Please try again in a moment.");
  const known = Object.hasOwn(principles, name) ? principles[name] : undefined;
  const values: Readonly<Record<string, string>> = { name, ...known };
  const components = FIELDS.map(({ name: id, label, hint, longest }) => {
    const value = values[id]?.slice(0, longest) ?? "";
    const input = {
      type: ComponentType.TextInput,
      custom_id: id,
      style: TextInputStyle.Short,
      max_length: longest,
      placeholder: hint,
    } as const;
    return { type: ComponentType.Label, label, component: { ...input, required: true, ...(value === "" ? {} : { value }) } } as const;
  });
  await interaction.showModal(door.own({ custom_id: PRINCIPLE, title: "A principle in plain words", components }));
}

export const principleSubmitted: Component<ModalSubmitInteraction> = {
  prefix: PRINCIPLE,
  async run(interaction, parts) {
    await answerPrivately(interaction, parts, async () => {
      checkManages(interaction);
      const [name, question, good, bad] = FIELDS.map((field) => interaction.fields.getTextInputValue(field.name).trim());
      const { version } = await changeSettings(parts, {
        guild: guildOf(interaction),
        by: interaction.user.id,
        detail: `principle ${name}`,
        make: (settings) => checkSettings({ ...settings, principles: { ...settings.principles, [name ?? ""]: { question, good, bad } } }),
      });
      return `The principle \`${name}\` is known (version ${version}). Give it a rule with \`/rain config set\` \`moderation.rules.${name}.strictness\`; try it with \`/moderate test\`.`;
    });
  },
};
