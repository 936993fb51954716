/**
 * What the bot says to people who are no moderators, or not as such. Another language is a file beside this one with the same keys;
 * `{word}` stands for what is put there, and stays as it is, as does what stands between backticks.
 */
export const ENGLISH = {
  refusal: "I am sorry, but I cannot help with that.",
  failed: "Something went wrong on my side. Please try again in a moment.",
  late: "It took too long: Discord takes answers to a command for fifteen minutes. Please try again in a moment.",
  "restarting.command": "I have to restart. Please try again in a moment.",
  "restarting.question": "I have to restart. Please ask again in a moment.",
  "restarted.unanswered": "I was restarted before I could answer this. Please ask again.",
  "restarted.cut": "I was restarted while I posted this answer: the rest of it is missing. Please ask again.",

  "only.moderators": "Only moderators may do that.",
  "only.managers": "Only who may manage the server may do that.",
  "only.administrators": "Only administrators of the server may do that.",
  "only.server": "This works in a server only.",
  "only.private": "This works in private only.",
  "unknown.server": "I do not work in this server.",
  "unknown.command": "I do not know this command any more.",
  "unknown.component": "I do not know what this is.",
  "unknown.choice": "I do not know this choice.",

  "ask.private": "I do not answer in private.",
  "ask.here": "I do not answer questions here.",
  "ask.place": "{count} questions are before yours.",
  "ask.optedOut": "You opted out: I do not read what you write. `/privacy opt-in` takes you back in.",
  "ask.early": "Please wait a moment before you ask again.",
  "ask.cooldown.one": "Please wait a second before you ask again.",
  "ask.cooldown.many": "Please wait {count} seconds before you ask again.",
  "ask.waiting.one": "Please wait: a question of yours is not answered yet.",
  "ask.waiting.many": "Please wait: {count} questions of yours are not answered yet.",
  "ask.busy": "Too many people are asking me at the moment. Please try again in a minute.",
  "ask.unfit":
    "The model that I run on is not fit to judge what it writes, and I post nothing unjudged: I cannot answer until whoever runs me gives me another one.",
  "ask.empty": "What would you like to know? Write it behind my name.",
  "ask.long": "That is longer than I can read. Please ask in fewer words.",
  "ask.longerThan": "That is longer than I can read. Please ask in at most {count} characters.",
  "ask.capOfPerson": "You have asked me enough for today. Please come back tomorrow.",
  "ask.capOfServer": "I have answered enough here for today. Please come back tomorrow.",
  "ask.unread.one": "(I did not read a file with it, or not to the end: I read text files, of 64 KiB in all, and no pictures.)",
  "ask.unread.many": "(I did not read {count} files with it, or not to the end: I read text files, of 64 KiB in all, and no pictures.)",
  "ask.partMissing": "(A part of this answer may be missing here: Discord did not say whether it took it.)",
  "stop.button": "Stop",
  "stop.done": "Stopped.",
  "stop.nothing": "There is nothing to stop any more.",
  "explain.button": "Explain",
  "retry.button": "Retry",
  "retry.begun": "I write another answer.",
  "retry.others": "Only who asked may have another answer.",
  "retry.over": "I do not answer that question any more.",
  "retry.unknown": "I know of no answer of mine in this message any more.",

  "appeal.hidden":
    "Your message in {server} was hidden: it was judged to be against {principles}. If you think that is wrong, ask the moderators to look at it again.",
  "appeal.removed":
    "Your message in {server} was removed: it was judged to be against {principles}. If you think that is wrong, ask the moderators to look at it again.",
  "appeal.button": "Appeal",
  "appeal.title": "Appeal",
  "appeal.question": "Why was your message fine?",
  "appeal.none": "This server takes no appeals.",
  "appeal.over": "You have appealed already, or there is nothing of yours to appeal against.",
  "appeal.unknown": "I do not know what this is about.",
  "appeal.done": "The moderators will look at it again. I tell you what they decide.",

  "sanction.warned": "The moderators of {server} warn you: what you wrote there was found to be against {principles}.",
  "sanction.timedOut":
    "The moderators of {server} timed you out for {count} minutes: what you wrote there was found to be against {principles}.",
  "sanction.banned": "The moderators of {server} decided to ban you: what you wrote there was found to be against {principles}.",
  "sanction.appeal": "If you think that is wrong, ask them to look at it again.",

  "private.chosen": "My language in private: {language}. My answers: {length}.",
  "privacy.keeps": "What I keep",
  "privacy.keeps.answers":
    "Of each answer to you: when and where, a hash and the first words of the answer, and how it was judged; what was discarded, if this server lets its moderators see that. Not your question.",
  "privacy.keeps.messages":
    "Of a message of yours that was judged to be against this server's principles: a hash, its first words, how many files were with it, the values, what the moderators decided, and the message as my judge has read it, at most 2,000 characters of it. My judge of this server's messages may learn from such decisions, and no other server's does; what it keeps of them are numbers, and no text. The message as you wrote it I keep only while it waits for them, and until what they decided is done.",
  "privacy.keeps.low":
    "Of some messages of yours that were judged to be close to this server's limits, or below them: where each stands, and its value, for seven days. Of all others that were judged, their values are counted, and not whose they are.",
  "privacy.keeps.done":
    "While there is such a message: what the moderators did about you then, by me or by hand, such as a time-out, and who did it. Messages that they rejected count as strikes for as long as the server says.",
  "privacy.keeps.you":
    "How many questions you asked today, what you said in an appeal, whether you opted out, and what you chose with `/private`.",
  "privacy.keeps.until":
    "All of it is forgotten after the number of days that each server sets, 30 unless it sets another; a message that was found fine, where messages close to a limit stand, and answers to you, whenever you want it.",
  "privacy.may": "What you can do",
  "privacy.may.how":
    "`/privacy export` sends you all of it, but of what was discarded only how much there was. `/privacy delete` forgets it at once, but for messages that wait for the moderators or that they rejected, and what was done about them: these stay for those days, as they are the server's record. `/privacy opt-out`: I neither read nor answer what you write; the server's moderation still applies.",
  "privacy.export": "All that I keep about you:",
  "privacy.export.left": "Without the {count} oldest records: Discord takes no longer file. Whoever runs me has them.",
  "privacy.nothing": "There was nothing to forget.",
  "privacy.forgotten.one": "Forgotten: 1 record.",
  "privacy.forgotten.many": "Forgotten: {count} records.",
  "privacy.stays": "What stays: {what}. Each server forgets that after its own number of days.",
  "privacy.stays.message": "1 message of yours that may be against a server's rules, or that its moderators rejected",
  "privacy.stays.messages": "{count} messages of yours that may be against a server's rules, or that its moderators rejected",
  "privacy.stays.deed": "1 record of what moderators did about you",
  "privacy.stays.deeds": "{count} records of what moderators did about you",
  "privacy.out":
    "From now on I neither read nor answer what you write. `/privacy opt-in` takes it back; `/privacy delete` forgets what I keep.",
  "privacy.outAlready": "You had opted out already: nothing was changed.",
  "privacy.in": "I answer you again.",
  "privacy.inAlready": "You had not opted out: nothing was changed.",
} as const;
