/** Which handshake messages may come now, so that any other is refused at its header. @module */
import { HandshakeType } from "../names/protocol.ts";

/** The handshake messages that may come now. */
export interface Due {
  /** Their names, for the error if another message comes. */
  readonly expected: () => ReadonlyArray<string>;
  /** The most bytes that the body of a message of this type may have; `undefined` if the message may not come. */
  readonly most: (type: HandshakeType) => number | undefined;
}

/** Any message of any length. */
export const anything: Due = { expected: () => [], most: () => Infinity };

/** The name of a message type as its class has it, as `ServerHelloDone`. */
export const messageName = (type: HandshakeType): string =>
  HandshakeType.nameOf(type).replace(/(^|_)([a-z])/g, (_, _1, letter) => letter.toUpperCase());
