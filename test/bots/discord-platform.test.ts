import { ActionRowBuilder, ButtonBuilder, ButtonStyle, Events, MessageFlags, SlashCommandBuilder } from "discord.js";
import { expect, test } from "vitest";
import { logIn } from "../support/discord/log-in.ts";
import { startPlatform } from "../support/discord/platform.ts";

test("What a person says reaches the bot, and its reply reaches the channel", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ channels: ["general"], members: ["Ada"] });
  await using bot = await logIn(platform);
  bot.client.on(Events.MessageCreate, (message) => {
    if (!message.author.bot) void message.reply(`You said: ${message.content}`);
  });

  const question = guild.person("Ada").says(guild.channel("general"), "hello");
  const answer = await platform.nextPost(guild.channel("general"));

  expect(answer.content).toBe("You said: hello");
  expect(answer.replyTo).toBe(question);
  expect(answer.pings).toEqual(["@Ada"]);
  expect(platform.requests.at(-1)).toMatchObject({ method: "POST", route: "/channels/:channel/messages", status: 200 });
  expect(bot.errors).toEqual([]);
});

test("A command is deferred, answered, followed up, and its button changes the message", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const ada = guild.person("Ada");
  await using bot = await logIn(platform);
  const ask = new SlashCommandBuilder()
    .setName("ask")
    .setDescription("Ask something")
    .addStringOption((option) => option.setName("question").setDescription("What").setRequired(true));
  await bot.client.application.commands.set([ask]);
  bot.client.on(Events.InteractionCreate, async (interaction) => {
    if (interaction.isChatInputCommand()) {
      await interaction.deferReply({ flags: MessageFlags.Ephemeral });
      const button = new ButtonBuilder().setCustomId("stop").setLabel("Stop").setStyle(ButtonStyle.Danger);
      await interaction.editReply({
        content: interaction.options.getString("question", true),
        components: [new ActionRowBuilder<ButtonBuilder>().addComponents(button)],
      });
      await interaction.followUp("and more");
    }
    if (interaction.isButton()) await interaction.update({ content: "stopped", components: [] });
  });

  const asking = ada.uses(guild.channel("general"), "/ask", { question: "Why?" });
  expect(await asking.acknowledged()).toEqual({ kind: "deferred", isEphemeral: true });
  const response = await asking.response();
  expect(response.content).toBe("Why?");
  await platform.until(() => asking.followUps.length === 1);
  const pressing = ada.presses(response, "Stop");
  await pressing.response();
  expect(response.content).toBe("stopped");
  expect(response.versions).toHaveLength(2);
  expect(bot.errors).toEqual([]);
});
