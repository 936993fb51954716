/** Requests that must not be made again because Discord's response was lost: they may have been carried out. */
import { DefaultRestOptions, RESTJSONErrorCodes, type RESTOptions, type ResponseLike } from "discord.js";
import { LostResponse } from "./errors.ts";

/** One more message to a command. It has no nonce: made again, it may be there twice. */
const FOLLOW_UP = /\/webhooks\/\d+\/[^/]+$/;

/** The first answer to a command, a button or a form. Made again, Discord says that there was one already. */
const CALLBACK = /\/interactions\/\d+\/[^/]+\/callback$/;

/** Callbacks whose responses were lost, and which are made again within seconds. */
const MOST_LOST = 1000;

type MakeRequest = RESTOptions["makeRequest"];

/** Makes requests of discord.js, which makes those again whose response is lost. */
export function sentOnce(): MakeRequest {
  const lost = new Set<string>();
  return async (url, init) => {
    const { pathname } = new URL(url);
    const isPost = init.method === "POST";
    if (isPost && FOLLOW_UP.test(pathname)) return await certain(DefaultRestOptions.makeRequest(url, init));
    if (!isPost || !CALLBACK.test(pathname)) return await DefaultRestOptions.makeRequest(url, init);
    const make = () => DefaultRestOptions.makeRequest(url, init);
    let wasLost = lost.delete(pathname);
    // Until there is a response that counts.
    lost.add(pathname);
    const [oldest] = lost;
    if (lost.size > MOST_LOST && oldest !== undefined) lost.delete(oldest);
    // Where a connection breaks, discord.js makes only some requests again.
    const response = await make().catch(() => {
      wasLost = true;
      return make();
    });
    if (response.status >= 500) return response;
    lost.delete(pathname);
    return response.status === 400 && wasLost ? await acknowledged(response) : response;
  };
}

/** @throws {LostResponse} which discord.js does not take for something to be tried again */
async function certain(coming: Promise<ResponseLike>): Promise<ResponseLike> {
  const response = await coming.catch((cause: unknown) => {
    throw new LostResponse(WORDS, { cause });
  });
  if (response.status >= 500) throw new LostResponse(WORDS);
  return response;
}

const WORDS = "Expected Discord to say whether it posted a message, got no response (it is not posted again unseen)";

/** That somebody has answered already who can only have been us is what was to be reached. */
async function acknowledged(response: ResponseLike): Promise<ResponseLike> {
  const body = await response.text();
  const { code } = JSON.parse(body) as { readonly code?: unknown };
  if (code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged) return new Response(null, { status: 204 });
  return new Response(body, { status: response.status, headers: { "content-type": "application/json" } });
}
