import { ApplicationCommandOptionType, ApplicationCommandType, InteractionContextType } from "discord.js";
import { DEFAULT_SETTINGS, type GuildSettings, say } from "../../guard/index.ts";
import { privateGuild } from "../bot-context.ts";
import { changeSettings } from "../change-settings.ts";
import { answerPrivately, type Command, Refused } from "./command.ts";
import { nameIn } from "./in-all-languages.ts";

/** Of what a server decides, a person decides no more than this: neither by what answers are judged, nor how many there may be. */
type PrivateTalk = Pick<GuildSettings["talk"], "instructions" | "maxTokens">;

/** What the model is told; the words are ours, as what a person writes is never in the system's role. */
const LANGUAGES: Readonly<Record<string, string>> = {
  "as you write": "",
  ...Object.fromEntries(
    ["English", "German", "French", "Spanish", "Portuguese", "Italian", "Dutch", "Polish", "Ukrainian", "Turkish", "Arabic", "Persian"]
      .concat(["Hindi", "Chinese", "Japanese", "Korean"])
      .map((language) => [language, `Answer in ${language}.`]),
  ),
};

/** In tokens. None is longer than what holds where nothing was decided. */
const LENGTHS: Readonly<Record<string, number>> = { short: 64, medium: 128, long: DEFAULT_SETTINGS.talk.maxTokens };

/** `/private`: how the bot answers the person who asks, in their private conversation with it. */
export const privateCommand: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "private",
    description: "How I answer you in private",
    contexts: [InteractionContextType.BotDM],
    options: [
      option("language", "In which language I am to answer", Object.keys(LANGUAGES)),
      option("length", "How long my answers may be", Object.keys(LENGTHS)),
    ],
  },
  async run(interaction, context) {
    await answerPrivately(interaction, context, async () => {
      if (interaction.guildId !== null) throw Refused.by("only.private");
      const language = known(LANGUAGES, interaction.options.getString("language"));
      const length = known(LENGTHS, interaction.options.getString("length"));
      const { settings } = await changeSettings(context, {
        guild: privateGuild(interaction.user.id),
        by: interaction.user.id,
        detail: "private conversation",
        make: ({ talk }) => privateSettings({ instructions: language ?? talk.instructions, maxTokens: length ?? talk.maxTokens }),
      });
      const [chosen, long] = [nameOf(LANGUAGES, settings.talk.instructions), nameOf(LENGTHS, settings.talk.maxTokens)];
      const { locale } = interaction;
      return say(locale, "private.chosen", {
        language: nameIn(locale, `private language ${chosen}`) ?? chosen,
        length: nameIn(locale, `private length ${long}`) ?? long,
      });
    });
  },
};

/** All else is as where nothing was decided, whatever was kept. */
function privateSettings({ instructions, maxTokens }: PrivateTalk): GuildSettings {
  return { ...DEFAULT_SETTINGS, talk: { ...DEFAULT_SETTINGS.talk, instructions, maxTokens } };
}

function option(name: string, description: string, values: readonly string[]) {
  return {
    type: ApplicationCommandOptionType.String as const,
    name,
    description,
    choices: values.map((value) => ({ name: value, value })),
  };
}

/** `undefined`: it was left out. Names may be forged. @throws {Refused} */
function known<Value>(values: Readonly<Record<string, Value>>, name: string | null): Value | undefined {
  if (name === null) return undefined;
  if (!Object.hasOwn(values, name)) throw Refused.by("unknown.choice");
  return values[name];
}

function nameOf<Value>(values: Readonly<Record<string, Value>>, wanted: Value): string {
  return Object.entries(values).find(([, value]) => value === wanted)?.[0] ?? String(wanted);
}
