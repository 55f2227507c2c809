/** Answers of undici, as the runtime's own. @module */

/** What `fetch` knows of an answer besides what every Response has. */
interface Facts {
  readonly url: string;
  readonly redirected: boolean;
}

/** The parts of an answer of undici that are used here. */
interface Answer extends Facts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Iterable<[string, string]>;
  /** A ReadableStream of bytes, whose type is written in several ways: that of `@types/node` is not that of Deno. */
  readonly body: object | null;
}

class Fetched extends Response {
  readonly #facts: Facts;
  constructor(body: ReadableStream<Uint8Array> | null, init: ResponseInit, facts: Facts) {
    super(body, init);
    this.#facts = facts;
  }
  override get url() {
    return this.#facts.url;
  }
  override get redirected() {
    return this.#facts.redirected;
  }
  override get type(): ResponseType {
    return "basic";
  }
  override clone() {
    const copy = super.clone();
    return new Fetched(copy.body, copy, this.#facts);
  }
}

/**
 * An answer as the runtime's Response. `onBreak` tells when its body breaks off, and with what error. `bodies` holds it until
 * it is at its end. Throws if a Response
 * cannot say the status or its text; the body is given up then.
 */
export const responseOf = (
  { status, statusText, headers, body, url, redirected }: Answer,
  onBreak: (broken: (error: unknown) => void) => void,
  bodies: Set<ReadableStream>,
): Response => {
  const whole = body && breaking(body as ReadableStream<Uint8Array>, onBreak, bodies);
  const kept = body && isDecoded(headers)
    ? [...headers].filter(([name]) => !ofCoded.includes(name))
    : [...headers];
  try {
    return new Fetched(whole, { status, statusText, headers: kept }, { url, redirected });
  } catch (e) {
    // A status such as 999 cannot be told: the connection must not wait for somebody to read the body.
    whole?.cancel(e).catch(() => {});
    throw e;
  }
};

/** The fields that tell of a body as it was sent: a body that was decoded is another one. */
const ofCoded = ["content-encoding", "content-length"];

/** Whether undici has decoded the body: it does if it knows all codings. */
const isDecoded = (headers: Iterable<[string, string]>): boolean => {
  const codings = [...headers].find(([name]) => name === "content-encoding")?.[1].toLowerCase().split(",");
  return codings?.every((one) => known.includes(one.trim())) ?? false;
};
const known = ["gzip", "x-gzip", "deflate", "br", "zstd"];

const breaking = (
  body: ReadableStream<Uint8Array>,
  onBreak: (broken: (error: unknown) => void) => void,
  bodies: Set<ReadableStream>,
): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const reader = body.getReader();
  let broken: (error: unknown) => void = () => {};
  const ended = () => void bodies.delete(whole);
  const whole: ReadableStream<Uint8Array<ArrayBuffer>> = new ReadableStream({
    type: "bytes",
    start: (controller) => {
      broken = (error) => {
        controller.error(error);
        queueMicrotask(ended); // it may break off while it is made
        reader.cancel(error).catch(() => {}); // it may have told so itself
      };
      onBreak(broken);
    },
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value as Uint8Array<ArrayBuffer>); // undici makes no others
        ended();
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (error) {
        broken(error);
      }
    },
    cancel: (reason) => {
      ended();
      return reader.cancel(reason);
    },
  });
  bodies.add(whole);
  return whole;
};
