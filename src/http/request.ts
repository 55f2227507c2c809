/** Requests of the runtime, as undici takes them: it does not know the runtime's classes. @module */

/** How much of a body is waited for, so that it has a length and can be sent again after a redirect, in bytes. */
const AT_HAND = 1 << 20;

/** What undici is given for a request, and how its body is given up. */
export interface Sendable {
  readonly init: RequestInit;
  readonly drop: (reason: unknown) => void;
}

/** What undici is given for a request. The body is whole if it is known or comes at once, and a stream otherwise. */
export const sendable = async (request: Request, body: unknown): Promise<Sendable> => {
  const { method, redirect, signal } = request;
  const init = { method, redirect, signal, headers: [...request.headers] };
  if (request.body === null) return { init, drop: () => {} };
  const isKnown = body != null && !(body instanceof ReadableStream);
  const sent = isKnown ? await request.bytes() : await atHand(request.body);
  if (sent instanceof Uint8Array) return { init: { ...init, body: sent }, drop: () => {} };
  return { init: { ...init, body: sent.stream, duplex: "half" } as RequestInit, drop: sent.drop };
};

/** A body that is read as it comes. */
interface Rest {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly drop: (reason: unknown) => void;
}

/** All bytes of a body if they come without waiting and are not many; otherwise the body, none of it lost. */
const atHand = async (body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer> | Rest> => {
  const reader = body.getReader();
  const got: Array<Uint8Array<ArrayBuffer>> = [];
  let next = reader.read();
  for (let size = 0; size <= AT_HAND;) {
    const one = await Promise.race([next, soon()]);
    if (one === undefined) break;
    if (one.done) return await joined(got);
    got.push(one.value as Uint8Array<ArrayBuffer>); // a Request has no others
    size += one.value.length;
    next = reader.read();
  }
  const drop = (reason: unknown) => void reader.cancel(reason).catch(() => {}); // it may have failed itself
  const stream = new ReadableStream({
    start: (controller) => got.forEach((bytes) => controller.enqueue(bytes)),
    pull: async (controller) => {
      const { done, value } = await next;
      if (done) return controller.close();
      controller.enqueue(value);
      next = reader.read();
    },
    cancel: drop,
  });
  return { stream, drop };
};

const joined = (parts: Array<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> =>
  new Blob(parts).bytes();

/** The next turn of the event loop. */
const soon = (): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), 0));
