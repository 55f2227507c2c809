/** Which handshake messages may come now, so that what may not is refused at its header. @module */
import { HandshakeType } from "../names/protocol.ts";

/** What may come. */
export interface Due {
  /** It by its names, for whoever is told that something else came. */
  readonly expected: () => ReadonlyArray<string>;
  /** Bytes that the body of a message of this type has at most; `undefined`: such a message may not come. */
  readonly most: (type: HandshakeType) => number | undefined;
}

/** Every message, however long. */
export const anything: Due = { expected: () => [], most: () => Infinity };

/** A message by the name its class has: `ServerHelloDone`. */
export const messageName = (type: HandshakeType): string =>
  HandshakeType.nameOf(type).replace(/(^|_)([a-z])/g, (_, _1, letter) => letter.toUpperCase());
