import {
  type APIActionRowComponent,
  type APILabelComponent,
  type APITextInputComponent,
  ButtonStyle,
  ComponentType,
  MessageFlags,
  PermissionFlagsBits,
  TextInputStyle,
} from "discord.js";
import { expect, test } from "vitest";
import { scene } from "./command-scene.ts";

const BUTTONS = {
  type: ComponentType.ActionRow,
  components: [{ type: ComponentType.Button, style: ButtonStyle.Danger, custom_id: "stop:1", label: "Stop" }],
} as const;

function textInput(input: Omit<APITextInputComponent, "type" | "style">): APITextInputComponent {
  return { type: ComponentType.TextInput, style: TextInputStyle.Short, ...input };
}

function rowOf(input: APITextInputComponent): APIActionRowComponent<APITextInputComponent> {
  return { type: ComponentType.ActionRow, components: [input] };
}

test("A command is deferred in private, answered, followed up, and stopped by a button", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isButton()) await interaction.update({ content: "stopped", components: [] });
    if (!interaction.isChatInputCommand()) return;
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    await interaction.editReply({ content: interaction.options.getString("question", true), components: [BUTTONS] });
    await interaction.followUp("and more");
  });
  const { platform, general, ada, bot } = scenery;

  const asking = ada.uses(general, "/ask", { question: "Why?" });
  expect(await asking.acknowledged()).toEqual({ kind: "deferred", isEphemeral: true });
  const response = await asking.response();
  expect(response.content).toBe("Why?");
  await platform.until(() => asking.followUps.length === 1);
  const pressing = ada.presses(response, "Stop");
  expect(await pressing.response()).toBe(response);

  expect(response.versions.map(({ content }) => content)).toEqual(["Why?", "stopped"]);
  expect(platform.posts(general).map(({ content }) => content)).toEqual(["and more"]);
  expect(() => platform.posts(general)[0]!.channel.guild!.person("Ben").presses(response, "Stop")).toThrow(/somebody who can see it/);
  expect(bot.errors).toEqual([]);
});

test("A response is waited for until it is as it should be", async () => {
  await using scenery = await scene(async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    await interaction.deferReply();
    for (const content of ["one", "one two", "one two three."]) await interaction.editReply(content);
  });
  const { general, ada, platform } = scenery;

  const asking = ada.uses(general, "/ask", { question: "?" });
  const response = await asking.finalMessage(({ content }) => content.endsWith("."));

  expect(response.versions.map(({ content }) => content)).toEqual(["one", "one two", "one two three."]);
  expect(await platform.nextPost(general)).toBe(response);
});

test("Options bring people and files with them", async () => {
  await using scenery = await scene(async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    const file = interaction.options.getAttachment("file", true);
    const text = await (await fetch(file.url)).text();
    await interaction.reply(`${interaction.options.getUser("whom", true).displayName}: ${text}`);
  });
  const { general, ada } = scenery;

  const file = { name: "note.txt", content: Buffer.from("is kind") };
  const asking = ada.uses(general, "/ask", { question: "?", whom: general.guild!.person("Ben"), file });

  expect((await asking.response()).content).toBe("Ben: is kind");
});

test("What Discord's own client would not send is an error of the test", async () => {
  await using scenery = await scene(() => undefined);
  const { general, ada } = scenery;

  expect(() => ada.uses(general, "/unknown")).toThrow(/registered "unknown"/);
  expect(() => ada.uses(general, "/ask")).toThrow(/a value for "question"/);
  expect(() => ada.uses(general, "/ask", { question: "x".repeat(21) })).toThrow(/0 to 20 characters/);
  expect(() => ada.uses(general, "/ask", { question: 3 })).toThrow(/a string/);
  expect(() => ada.uses(general, "/ask", { question: "?", wrong: 1 })).toThrow(/an option "wrong"/);
  expect(() => ada.uses(general, "/rain")).toThrow(/a subcommand/);
  expect(() => ada.uses(general, "/rain config set", { key: "mode" })).toThrow(/allowed to use "rain"/);
});

test("Subcommands arrive with their groups, suggestions while somebody types", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isAutocomplete()) await interaction.respond([{ name: `${interaction.options.getFocused()}bour`, value: "harbour" }]);
    if (!interaction.isChatInputCommand()) return;
    const { options } = interaction;
    await interaction.reply([options.getSubcommandGroup(), options.getSubcommand(), options.getString("key")].join(" "));
  });
  const { general } = scenery;
  const owner = general.guild!.owner;

  const typing = owner.autocompletes(general, "/rain config set", { key: "har" });
  expect(await typing.choices()).toEqual([{ name: "harbour", value: "harbour" }]);
  const setting = owner.uses(general, "/rain config set", { key: "harbour" });
  expect((await setting.response()).content).toBe("config set harbour");
});

test("A guild can open commands to everybody", async () => {
  await using scenery = await scene(async (interaction) => {
    if (!interaction.isRepliable()) return;
    await interaction.reply(String(interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild)));
  });
  const { general, ada } = scenery;

  general.guild!.openCommands();
  const setting = ada.uses(general, "/rain config set", { key: "mode" });

  expect((await setting.response()).content).toBe("false");
});

test("The menus of messages and people show what they are about, whatever the intents", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isMessageContextMenuCommand()) await interaction.reply(interaction.targetMessage.content.toUpperCase());
    if (interaction.isUserContextMenuCommand()) await interaction.reply(interaction.targetUser.displayName);
  });
  const { general, ada } = scenery;
  const message = ada.says(general, "rude words");

  expect((await ada.usesOnMessage(message, "Judge this message").response()).content).toBe("RUDE WORDS");
  expect((await ada.usesOnPerson(general, general.guild!.person("Ben"), "Look at them").response()).content).toBe("Ben");
});

test("A form is opened, filled in, and sent", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isModalSubmit())
      await interaction.reply(`${interaction.fields.getTextInputValue("why")}, ${interaction.fields.getTextInputValue("when")}`);
    if (!interaction.isChatInputCommand()) return;
    const why: APILabelComponent = { type: ComponentType.Label, label: "Why?", component: textInput({ custom_id: "why", max_length: 10 }) };
    const when = rowOf(textInput({ custom_id: "when", label: "When?", value: "now" }));
    await interaction.showModal({ custom_id: "appeal", title: "Appeal", components: [why, when] });
  });
  const { general, ada } = scenery;

  const modal = await ada.uses(general, "/ask", { question: "?" }).modal();
  expect(modal.title).toBe("Appeal");
  expect(() => ada.submits(modal, { "Why?": "because because" })).toThrow(/1 to 10 characters/);
  expect(() => ada.submits(modal, { Where: "here" })).toThrow(/a field "Where"/);
  expect(() => general.guild!.person("Ben").submits(modal, { why: "me" })).toThrow(/nobody else/);

  expect((await ada.submits(modal, { "Why?": "because" }).response()).content).toBe("because, now");
});

test("Menus are picked from, buttons are forged, and a form that came from a button changes its message", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isModalSubmit() && interaction.isFromMessage()) await interaction.update("thank you");
    if (interaction.isButton()) await interaction.reply(`unknown: ${interaction.customId}`);
    if (interaction.isStringSelectMenu()) {
      const input = textInput({ custom_id: "x", label: "X", required: false });
      await interaction.showModal({ custom_id: "more", title: interaction.values.join(), components: [rowOf(input)] });
    }
  });
  const { bot, platform, general, ada } = scenery;
  const menu = { type: ComponentType.StringSelect, customId: "choose", options: [{ label: "A", value: "a" }] } as const;
  await bot.sendable(general).send({ content: "choose", components: [{ type: ComponentType.ActionRow, components: [menu] }] });
  const message = await platform.nextPost(general);

  expect(() => ada.picks(message, { values: ["b"] })).toThrow(/one of a, got b/);
  const modal = await ada.picks(message, { values: ["a"] }).modal();
  expect(modal.title).toBe("a");
  expect(await ada.submits(modal).response()).toBe(message);
  expect(message.content).toBe("thank you");
  expect((await ada.forges(message, "approve:999").response()).content).toBe("unknown: approve:999");
  expect(() => ada.presses(message, "Stop")).toThrow(/a button "Stop", got: none/);
});

test("Commands work in private", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isChatInputCommand())
      await interaction.reply({ content: `guild: ${interaction.guildId}`, flags: MessageFlags.Ephemeral });
  });
  const { ada } = scenery;

  const asking = ada.uses(ada.privately, "/ask", { question: "?" });

  expect((await asking.response()).content).toBe("guild: null");
  expect(asking.isEphemeral).toBe(true);
});

test("An interaction may come without its channel", async () => {
  await using scenery = await scene(
    async (interaction) => {
      if (interaction.isChatInputCommand()) await interaction.reply(String(interaction.channel));
    },
    { omitsChannels: true },
  );
  const { general, ada } = scenery;

  expect((await ada.uses(general, "/ask", { question: "?" }).response()).content).toBe("null");
});
