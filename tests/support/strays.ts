/** What a peer may say where it has no place. @module */
import { comingOf } from "../../src/flights/states.ts";
import { nameOfComing } from "../../src/grammar/message_kind.ts";
import { ContentType, HandshakeType } from "../../src/names/protocol.ts";
import type { Coming } from "../../src/record/handshake_stream.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { handshakeMessage } from "./replay.ts";

/** Something that a peer says where it has no place. */
export interface Stray {
  readonly name: string;
  readonly type: ContentType;
  readonly body: Bytes;
  /** As the table knows it; application data is no part of a handshake. */
  readonly coming: Coming | undefined;
}

/** Every message that IANA names, one that it does not, ChangeCipherSpec, and application data. */
export const strays: ReadonlyArray<Stray> = [
  ...[...Object.values(HandshakeType.members), 200].map((type): Stray => {
    const coming = comingOf(HandshakeType.of(type));
    return {
      name: nameOfComing(coming),
      type: ContentType.handshake,
      body: handshakeMessage(type, new Uint8Array(0)),
      coming,
    };
  }),
  {
    name: "ChangeCipherSpec",
    type: ContentType.change_cipher_spec,
    body: Uint8Array.of(1),
    coming: { _tag: "ChangeCipherSpec" },
  },
  {
    name: "application data",
    type: ContentType.application_data,
    body: Uint8Array.of(65),
    coming: undefined,
  },
];
