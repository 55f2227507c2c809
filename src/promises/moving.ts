/** How bytes move in and out of what has the shape of a connection: by turns, and by web streams. @module */

/** Where bytes come from and go to. */
export interface Ways {
  /** What comes next; `undefined` at the end. */
  readonly take: () => Promise<Uint8Array | undefined>;
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly closeWrite: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** Ends it in the middle of something. */
  readonly abort: () => Promise<void>;
}

/** The members of a connection that move bytes. */
export interface Moving {
  /** Reads into an array; `null` at the end. What does not fit is kept for the next reader. */
  readonly read: (into: Uint8Array) => Promise<number | null>;
  /** Writes all the bytes. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** What comes, as a stream: the same one each time. */
  readonly readable: () => ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Where bytes go, as a stream: the same one each time. */
  readonly writable: () => WritableStream<Uint8Array<ArrayBufferLike>>;
}

/** Moves bytes over these ways. Readers take turns, so that none gets bytes from behind those of another. */
export const moving = ({ take, write, closeWrite, close, abort }: Ways): Moving => {
  /** What came and did not fit into the last reader's array. */
  let rest: Uint8Array | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <A>(read: (data: Uint8Array | undefined) => A): Promise<A> => {
    const mine = turn.then(async () => {
      const kept = rest;
      rest = undefined;
      return read(kept ?? await take());
    });
    turn = mine.catch(() => {});
    return mine;
  };
  let readable: ReturnType<Moving["readable"]> | undefined;
  let writable: ReturnType<Moving["writable"]> | undefined;
  return {
    read: async (into) => {
      if (into.length === 0) return 0;
      return await inTurn((data) => {
        if (data === undefined) return null;
        const fits = data.subarray(0, into.length);
        into.set(fits);
        if (fits.length < data.length) rest = data.subarray(fits.length);
        return fits.length;
      });
    },
    write: async (bytes) => {
      await write(bytes);
      return bytes.length;
    },
    readable: () =>
      readable ??= new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: async (controller) => {
          const data = await inTurn((data) => data);
          if (data) controller.enqueue(data as Uint8Array<ArrayBuffer>); // nobody shares what was received
          else controller.close();
        },
        cancel: close,
      }, { highWaterMark: 0 }),
    writable: () => writable ??= new WritableStream<Uint8Array>({ write, close: closeWrite, abort }),
  };
};
