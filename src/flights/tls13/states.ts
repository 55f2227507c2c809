/** The courses of a handshake of TLS 1.3, and the places that each end awaits in them. @module */
import { keySchedule } from "../../crypto/key_schedule.ts";
import { Place, type Shape } from "../../grammar/places.ts";
import type { Side } from "../../names/side.ts";
import type { Hash } from "../../ports/crypto.ts";
import { EMPTY } from "../../wire/bytes.ts";
import {
  anyServerHelloPlace,
  firstAnswerPlace,
  helloRetryRequestPlace,
} from "../hellos/read_server_hello.ts";
import { clientHelloPlace } from "../hellos/read_client_hello.ts";
import { finishShape } from "./authentication.ts";
import { proofShape } from "./peer13.ts";
import { encryptedExtensionsShape } from "./client/client.ts";
import { serverProofShape } from "./client/server_proof.ts";
import { certificateShape } from "./compression.ts";
import { endOfEarlyDataShape } from "./server/client_flight.ts";

/** One course of a handshake of TLS 1.3: everything that decides the order of its messages. */
export interface Course13 {
  /** Whether a HelloRetryRequest comes first. */
  readonly retried: boolean;
  /** Whether a pre-shared key is used. */
  readonly psk: boolean;
  /** Whether early data is accepted. */
  readonly earlyData: boolean;
  /** Whether the client is not asked for a certificate, has none, or shows one. */
  readonly clientCertificate: "not asked" | "none" | "shown";
}

const booleans = [false, true] as const;

/** Every course of a handshake of TLS 1.3. */
export const courses13: ReadonlyArray<Course13> = booleans.flatMap((retried): ReadonlyArray<Course13> => [
  ...(["not asked", "none", "shown"] as const).map((clientCertificate) => ({
    retried,
    psk: false,
    earlyData: false,
    clientCertificate,
  })),
  // Another ClientHello gives early data up.
  ...(retried ? [false] : booleans).map((earlyData) => ({
    retried,
    psk: true,
    earlyData,
    clientCertificate: "not asked" as const,
  })),
]);

/** Hashes to nothing: the order of messages does not depend on keys. */
const hash: Hash = {
  name: "sha256",
  length: 32,
  blockLength: 64,
  create: () => ({ update: () => {}, copy: hash.create, digest: () => EMPTY }),
  digest: () => EMPTY,
  hmac: () => () => new Uint8Array(32),
};
const traffic = () => keySchedule(hash).traffic({ digest: () => EMPTY });

/** The place of what answers the first ClientHello, of which a course takes one. */
const firstAnswer = ({ accepts, take, most }: Place<unknown>): Place<unknown> =>
  new Place(firstAnswerPlace.name, accepts, take, undefined, most);

const clientShapes = ({ psk, retried }: Course13): ReadonlyArray<Shape> => [
  ...(retried
    ? [{ retry: firstAnswer(helloRetryRequestPlace) }, { server: anyServerHelloPlace }]
    : [{ server: firstAnswer(anyServerHelloPlace) }]),
  encryptedExtensionsShape,
  ...(psk ? [] : [serverProofShape(true)]),
  finishShape({ hash }, traffic),
];

const serverShapes = ({ clientCertificate, earlyData, retried }: Course13): ReadonlyArray<Shape> => [
  { hello: clientHelloPlace },
  ...(retried ? [{ hello: clientHelloPlace }] : []),
  ...(earlyData ? [endOfEarlyDataShape] : []),
  ...(clientCertificate === "not asked" ? [] : [certificateShape(true)]),
  ...(clientCertificate === "shown" ? [proofShape] : []),
  finishShape({ hash }, traffic),
];

/** The places that one end awaits in a course, in order. */
export const places13 = (role: Side, course: Course13): ReadonlyArray<Place<unknown>> =>
  (role === "client" ? clientShapes : serverShapes)(course).flatMap((shape) => Object.values(shape));
