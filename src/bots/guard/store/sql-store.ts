import { knownGuilds, noteGuilds } from "./absences-table.ts";
import type { Database } from "./database.ts";
import * as people from "./people-table.ts";
import * as replies from "./reply-table.ts";
import { purgeExpired, purgeGuild } from "./retention.ts";
import * as reviews from "./review-table.ts";
import * as settings from "./settings-table.ts";
import { plain } from "./sql.ts";
import type { Store } from "./store.ts";

/** A store in tables that are up to date. The database goes with it. */
export function sqlStore(database: Database): Store {
  return {
    ping: async () => void (await database.run(plain("SELECT 1"))),

    settings: (guild) => settings.readSettings(database, guild),
    changeSettings: (change) => settings.changeSettings(database, change),
    settingsHistory: (guild, limit) => settings.readSettingsHistory(database, guild, limit),

    beginReply: (reply) => replies.beginReply(database, reply),
    endReply: (guild, source, end) => replies.endReply(database, { guild, source }, end),
    reply: (guild, message) => replies.readReply(database, guild, message),
    lastReplies: (guild, channel, limit) => replies.lastReplies(database, { guild, channel }, limit),
    failUnfinished: (which) => replies.failUnfinished(database, which),

    addReview: (review) => reviews.addReview(database, review),
    review: (guild, id) => reviews.readReview(database, guild, id),
    pendingReviews: (guild, limit) => reviews.pendingReviews(database, guild, limit),
    decide: (decision) => reviews.decide(database, decision),
    appeal: (appeal) => reviews.appeal(database, appeal),
    decisions: (guild) => reviews.decisions(database, guild),

    countWithin: (use) => people.countWithin(database, use),
    addAudit: (record) => people.addAudit(database, record),
    audit: (guild, limit) => people.readAudit(database, guild, limit),
    setOptedOut: (user, isOut) => people.setOptedOut(database, user, isOut),
    isOptedOut: (user) => people.isOptedOut(database, user),
    personalData: (user) => people.personalData(database, user),
    forgetPerson: (user) => people.forgetPerson(database, user),

    guilds: () => knownGuilds(database),
    purgeGuild: (guild) => purgeGuild(database, guild),
    noteGuilds: (presence) => noteGuilds(database, presence),
    purgeExpired: (now) => purgeExpired(database, now),

    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
