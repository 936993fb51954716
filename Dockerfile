# The bot in a container: docs/discord.md says how it is configured. The command is `rain`; without more it runs the bot.

FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY LICENSE README.md tsconfig.json tsconfig.build.json ./
COPY labelled labelled
COPY models models
COPY src src
RUN npm run build && npm pack --ignore-scripts

FROM node:20-bookworm-slim
WORKDIR /app
COPY --from=build /build/rain-align-*.tgz ./
# What is optional for others, in the versions that the tests run with. Nothing is compiled: all of it comes with its binaries.
RUN npm install --ignore-scripts --no-audit --no-fund ./rain-align-*.tgz discord.js@14.28.1 @libsql/client@0.18.0 pg@8.23.1 hono@4.13.19 @hono/node-server@2.1.9 @huggingface/tokenizers@0.2.0 @modelcontextprotocol/sdk@1.32.2 \
  && npm cache clean --force \
  && rm rain-align-*.tgz \
  && mkdir /data \
  && chown node:node /data

# All that is to stay: the database, what servers have taught their judges, and in the home folder models that were downloaded, and their judges.
VOLUME /data
WORKDIR /data
ENV HOME=/data \
  NODE_ENV=production \
  RAIN_DISCORD_DATABASE_URL=file:/data/rain-discord.db \
  RAIN_DISCORD_HTTP_HOST=0.0.0.0 \
  RAIN_DISCORD_HTTP_PORT=9464
EXPOSE 9464
USER node
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.RAIN_DISCORD_HTTP_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/node_modules/rain-align/dist/cli/main.js"]
CMD ["discord"]
