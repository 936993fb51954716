import { ApplicationCommandOptionType, ApplicationCommandType, ButtonStyle, ComponentType, MessageFlags, Routes } from "discord.js";
import { expect, test } from "vitest";
import { logIn } from "../../support/discord/log-in.ts";
import { startPlatform } from "../../support/discord/platform.ts";

const TOO_LONG = { _errors: [{ code: "BASE_TYPE_MAX_LENGTH" }] };
const TOO_SHORT = { _errors: [{ code: "BASE_TYPE_MIN_LENGTH" }] };

function button(customId: string, label = "Press"): object {
  return { type: ComponentType.Button, style: ButtonStyle.Primary, custom_id: customId, label };
}

function row(...components: readonly object[]): object {
  return { type: ComponentType.ActionRow, components };
}

function menu(options: number): object {
  const values = Array.from({ length: options }, (_, index) => ({ label: `${index}`, value: `${index}` }));
  return { type: ComponentType.StringSelect, custom_id: `menu ${options}`, options: values };
}

test.for([
  ["of 2,001 characters", { content: "x".repeat(2001) }, { content: TOO_LONG }],
  ["with 11 embeds", { embeds: Array.from({ length: 11 }, () => ({ title: "x" })) }, { embeds: TOO_LONG }],
  ["with a long title", { embeds: [{ title: "x".repeat(257) }] }, { embeds: { 0: { title: TOO_LONG } } }],
  ["with a long description", { embeds: [{ description: "x".repeat(4097) }] }, { embeds: { 0: { description: TOO_LONG } } }],
  [
    "with 26 fields",
    { embeds: [{ fields: Array.from({ length: 26 }, () => ({ name: "x", value: "y" })) }] },
    { embeds: { 0: { fields: TOO_LONG } } },
  ],
  [
    "with a field without a name",
    { embeds: [{ fields: [{ name: "", value: "y" }] }] },
    { embeds: { 0: { fields: { 0: { name: TOO_SHORT } } } } },
  ],
  [
    "whose embeds are too long together",
    { embeds: [{ description: "x".repeat(3001) }, { description: "x".repeat(3000) }] },
    { embeds: { _errors: [{ code: "MAX_EMBED_SIZE_EXCEEDED" }] } },
  ],
  ["with 6 rows", { components: ["1", "2", "3", "4", "5", "6"].map((id) => row(button(id))) }, { components: TOO_LONG }],
  [
    "with 6 buttons in a row",
    { components: [row(...["1", "2", "3", "4", "5", "6"].map((id) => button(id)))] },
    { components: { 0: { components: TOO_LONG } } },
  ],
  [
    "with a long custom id",
    { components: [row(button("x".repeat(101)))] },
    { components: { 0: { components: { 0: { custom_id: TOO_LONG } } } } },
  ],
  [
    "with a long label",
    { components: [row(button("x", "y".repeat(81)))] },
    { components: { 0: { components: { 0: { label: TOO_LONG } } } } },
  ],
  [
    "with the same custom id twice",
    { components: [row(button("x")), row(button("x"))] },
    { components: { 1: { components: { 0: { custom_id: { _errors: [{ code: "COMPONENT_CUSTOM_ID_DUPLICATED" }] } } } } } },
  ],
  ["with a menu of 26", { components: [row(menu(26))] }, { components: { 0: { components: { 0: { options: TOO_LONG } } } } }],
  ["with a button beside a menu", { components: [row(menu(1), button("x"))] }, { components: { 0: { components: { _errors: [{}] } } } }],
  ["with a button outside of a row", { components: [button("x")] }, { components: { 0: { type: { _errors: [{}] } } } }],
  [
    "laid out, with content beside it",
    { content: "x", flags: MessageFlags.IsComponentsV2, components: [{ type: ComponentType.TextDisplay, content: "y" }] },
    { content: { _errors: [{ code: "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2" }] } },
  ],
  [
    "laid out, with 4,001 characters",
    { flags: MessageFlags.IsComponentsV2, components: [{ type: ComponentType.TextDisplay, content: "y".repeat(4001) }] },
    { components: { _errors: [{ code: "COMPONENT_MAX_TOTAL_TEXT_SIZE_EXCEEDED" }] } },
  ],
  ["with a long nonce", { content: "x", nonce: "x".repeat(26) }, { nonce: TOO_LONG }],
  [
    "that allows people in two ways",
    { content: "x", allowed_mentions: { parse: ["users"], users: ["1"] } },
    { allowed_mentions: { _errors: [{ code: "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE" }] } },
  ],
] as const)("A message %s is refused", async ([, body, errors]) => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform);

  const posting = bot.client.rest.post(Routes.channelMessages(general.id), { body });

  await expect(posting).rejects.toMatchObject({ code: 50035, status: 400, rawError: { message: "Invalid Form Body", errors } });
  expect(platform.everything).toEqual([]);
});

test("An empty message is refused, and an edit that would empty one", async () => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform);
  const channel = bot.sendable(general);

  await expect(channel.send({ content: " " })).rejects.toMatchObject({ code: 50006 });
  const message = await channel.send("full");
  await expect(message.edit({ content: "" })).rejects.toMatchObject({ code: 50006 });
  await expect(message.edit({ content: "x".repeat(2001) })).rejects.toMatchObject({ code: 50035 });

  expect(platform.posts(general).map(({ content }) => content)).toEqual(["full"]);
});

test("What is just within the limits is shown", async () => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform);
  const ids = ["1", "2", "3", "4", "5"];
  const components = [...ids.slice(0, 4).map((id) => row(...ids.map((other) => button(`${id}${other}`)))), row(menu(25))];
  const embeds = [{ description: "x".repeat(4096) }, { description: "x".repeat(1904) }];

  await bot.client.rest.post(Routes.channelMessages(general.id), { body: { content: "x".repeat(2000), embeds, components } });
  const flags = MessageFlags.IsComponentsV2;
  const laidOut = [{ type: ComponentType.Container, components: [{ type: ComponentType.TextDisplay, content: "y" }, row(button("x"))] }];
  await bot.client.rest.post(Routes.channelMessages(general.id), { body: { flags, components: laidOut } });

  expect(platform.posts(general)).toHaveLength(2);
});

const OPTION = { type: ApplicationCommandOptionType.String, name: "what", description: "What" };

test.for([
  ["capital letters", { name: "Ask", description: "Asks" }, { name: { _errors: [{ code: "APPLICATION_COMMAND_INVALID_NAME" }] } }],
  ["no description", { name: "ask" }, { description: TOO_SHORT }],
  ["a long description", { name: "ask", description: "x".repeat(101) }, { description: TOO_LONG }],
  [
    "26 options",
    { name: "ask", description: "Asks", options: Array.from({ length: 26 }, (_, index) => ({ ...OPTION, name: `o${index}` })) },
    { options: TOO_LONG },
  ],
  [
    "a required option behind another",
    { name: "ask", description: "Asks", options: [OPTION, { ...OPTION, name: "then", required: true }] },
    { options: { 1: { _errors: [{}] } } },
  ],
  ["an option twice", { name: "ask", description: "Asks", options: [OPTION, OPTION] }, { options: { 1: { _errors: [{}] } } }],
  [
    "choices that are suggested",
    { name: "ask", description: "Asks", options: [{ ...OPTION, autocomplete: true, choices: [{ name: "a", value: "a" }] }] },
    { options: { 0: { choices: { _errors: [{}] } } } },
  ],
  ["a description in a menu", { name: "Judge", type: 3, description: "x" }, { description: TOO_LONG }],
] as const)("A command with %s is refused", async ([, command, errors]) => {
  await using platform = await startPlatform();
  await using bot = await logIn(platform);

  const registering = bot.client.rest.put(Routes.applicationCommands(platform.bot.id), { body: [command] });

  await expect(registering).rejects.toMatchObject({ code: 50035, rawError: { errors: { 0: errors } } });
});

test("Commands are registered for everybody and for single guilds, replaced, and listed", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild();
  await using bot = await logIn(platform);
  const { commands } = bot.client.application;
  const twice = { name: "ask", description: "Asks" };

  const [first] = (await commands.set([twice])).values();
  await expect(commands.set([twice, twice])).rejects.toMatchObject({ code: 50035 });
  const [again] = (await commands.set([{ ...twice, description: "Asks more" }])).values();
  await commands.set([{ name: "local", description: "Here" }], guild.id);

  expect(again?.id).toBe(first?.id);
  expect((await commands.fetch()).map(({ description }) => description)).toEqual(["Asks more"]);
  expect((await commands.fetch({ guildId: guild.id })).map(({ name }) => name)).toEqual(["local"]);
  expect(() => guild.owner.uses(guild.owner.privately, "/local")).toThrow(/got only: ask/);
  guild.owner.uses(guild.channel("general"), "/local");
  const judge = await commands.create({ name: "Judge", type: ApplicationCommandType.Message });
  await commands.delete(judge);
  await expect(commands.delete(judge)).rejects.toMatchObject({ code: 10063 });
});
