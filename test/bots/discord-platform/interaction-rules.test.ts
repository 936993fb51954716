import { InteractionResponseType, MessageFlags, Routes } from "discord.js";
import { expect, test } from "vitest";
import { scene } from "./command-scene.ts";

test("After three seconds an interaction is dead", async () => {
  await using scenery = await scene(async (interaction) => {
    scenery.platform.advance(3000);
    if (interaction.isChatInputCommand()) await interaction.deferReply();
  });
  const { general, ada, bot, platform } = scenery;

  const asking = ada.uses(general, "/ask", { question: "?" });

  await expect(asking.acknowledged()).rejects.toThrow(/\/ask of Ada died/);
  await platform.until(() => bot.errors.length > 0);
  expect(bot.errors).toMatchObject([{ code: 10062, status: 404 }]);
});

test("Who thinks for a quarter of an hour has not answered", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isChatInputCommand()) await interaction.deferReply();
  });
  const { general, ada, platform } = scenery;

  const asking = ada.uses(general, "/ask", { question: "?" });
  await asking.acknowledged();
  platform.advance(15 * 60 * 1000);

  await expect(asking.response()).rejects.toThrow(/was not answered within 15 minutes/);
});

test("An interaction is acknowledged once, and its token lasts 15 minutes", async () => {
  await using scenery = await scene(async (interaction) => {
    if (interaction.isChatInputCommand()) await interaction.deferReply();
  });
  const { general, ada, bot, platform } = scenery;
  const asking = ada.uses(general, "/ask", { question: "?" });
  await asking.acknowledged();
  const body = { type: InteractionResponseType.ChannelMessageWithSource, data: { content: "twice" } };
  const original = Routes.webhookMessage(platform.bot.id, asking.token);
  const { rest } = bot.client;

  await expect(rest.post(Routes.interactionCallback(asking.id, asking.token), { body })).rejects.toMatchObject({ code: 40060 });
  await expect(rest.post(Routes.interactionCallback(asking.id, "forged"), { body })).rejects.toMatchObject({ code: 10062 });
  await expect(rest.patch(Routes.webhookMessage(platform.bot.id, "forged"), { body: { content: "?" } })).rejects.toMatchObject({
    code: 10015,
  });
  platform.advance(15 * 60 * 1000);
  await expect(rest.patch(original, { body: { content: "late" } })).rejects.toMatchObject({ code: 50027, status: 401 });
});

test("Whether a response is for one person only is decided when it is deferred", async () => {
  await using scenery = await scene(async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    const { resource } = await interaction.deferReply({ withResponse: true });
    await interaction.followUp({ content: `${resource?.message?.flags.has(MessageFlags.Loading)}`, flags: MessageFlags.Ephemeral });
    await interaction.deleteReply();
  });
  const { general, ada, platform } = scenery;

  const asking = ada.uses(general, "/ask", { question: "?" });
  const response = await asking.response();
  await platform.until(() => response.isDeleted);

  expect(response).toMatchObject({ content: "true", isEphemeral: false });
  expect(asking.followUps).toEqual([]);
});

test("An answer of the wrong kind is refused", async () => {
  await using scenery = await scene(() => undefined);
  const { general, ada, bot } = scenery;
  const answer = async (type: InteractionResponseType, data: object) => {
    const { id, token } = ada.uses(general, "/ask", { question: "?" });
    await bot.client.rest.post(Routes.interactionCallback(id, token), { body: { type, data } });
  };

  await expect(answer(InteractionResponseType.UpdateMessage, { content: "x" })).rejects.toMatchObject({ code: 50035 });
  await expect(answer(InteractionResponseType.ApplicationCommandAutocompleteResult, {})).rejects.toMatchObject({ code: 50035 });
  await expect(answer(InteractionResponseType.ChannelMessageWithSource, {})).rejects.toMatchObject({ code: 50006 });
  await expect(answer(InteractionResponseType.Modal, { custom_id: "x", title: "y".repeat(46), components: [] })).rejects.toMatchObject({
    rawError: { errors: { data: { title: { _errors: [{ code: "BASE_TYPE_MAX_LENGTH" }] }, components: { _errors: [{}] } } } },
  });
});
